/** Structures that are bytes: the bytes in cells, what they mean beside them. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { arr, hex, listpackEntries, num, readBytes, rec, str } from './shapes.ts'

type S = Record<string, unknown>

function Cells({ bytes, kind }: { bytes: readonly number[]; kind: (i: number) => string }) {
  return (
    <span className="by">
      {bytes.map((b, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
        <span key={i} className={`cell ${kind(i)}`}>
          {hex(b)}
        </span>
      ))}
    </span>
  )
}

export function ListpackView({ s, type }: { s: S; type: string }) {
  const [on, setOn] = useState(-1)
  const bytes = readBytes(s.bytes) ?? new Uint8Array()
  const total = num(s.totalBytes) ?? bytes.length
  const entries = listpackEntries(bytes, 64)
  const pairs = type === 'hash' || type === 'zset'
  const last = entries[entries.length - 1]
  return (
    <>
      <div className="ents" role="list" aria-label={`Listpack, ${total} bytes, ${entries.length} entries`}>
        <Entry offset={0} name={`total bytes ${total}`}>
          <Cells bytes={[...bytes.subarray(0, 4)]} kind={() => 'e3'} />
        </Entry>
        <Entry offset={4} name={`entries ${num(s.length) ?? entries.length}`}>
          <Cells bytes={[...bytes.subarray(4, 6)]} kind={() => 'e3'} />
        </Entry>
        {entries.map((e, i) => {
          const shown = [...bytes.subarray(e.offset, e.offset + Math.min(e.length, 40))]
          return (
            <Entry key={e.offset} offset={e.offset} name={e.value} on={on === i} pick={() => setOn(on === i ? -1 : i)}>
              <Cells
                bytes={shown}
                kind={(j) =>
                  j < e.encodingBytes ? 'e4' : j >= e.length - e.backlen ? 'e5' : pairs && i % 2 === 0 ? 'e1' : 'e2'
                }
              />
            </Entry>
          )
        })}
        {last && bytes[last.offset + last.length] === 0xff && (
          <Entry offset={last.offset + last.length} name="end">
            <Cells bytes={[0xff]} kind={() => 'e3'} />
          </Entry>
        )}
      </div>
      <div className="legend">
        <span>
          <i className="e4" />
          encoding: 0xxxxxxx a small integer, 10xxxxxx a 6-bit string length
        </span>
        <span>
          <i className="e5" />
          backlen, read right to left
        </span>
      </div>
      {on >= 0 && entries[on] && (
        <p className="cap">
          Entry {on} at offset {entries[on].offset}: {entries[on].length} bytes, of which {entries[on].encodingBytes}{' '}
          say the encoding and {entries[on].backlen} the length again.
        </p>
      )}
      {total > bytes.length && (
        <p className="cap">
          First {count(bytes.length)} of {count(total)} bytes.
        </p>
      )}
    </>
  )
}

function Entry(props: { offset: number; name: string; on?: boolean; pick?: () => void; children: React.ReactNode }) {
  const inner = (
    <>
      <span className="off">{props.offset}</span>
      {props.children}
      <span className="val" />
      <span className="name">{props.name}</span>
    </>
  )
  return (
    <div role="listitem">
      {props.pick ? (
        <button type="button" className={`ent ${props.on ? 'on' : ''}`} aria-pressed={props.on} onClick={props.pick}>
          {inner}
        </button>
      ) : (
        <div className="ent">{inner}</div>
      )}
    </div>
  )
}

export function QuicklistView({ s }: { s: S }) {
  const nodes = arr(s.nodes).map(rec)
  const most = Math.max(1, ...nodes.map((n) => num(n.bytes) ?? 0))
  return (
    <>
      <div className="sv">
        <svg
          width={nodes.length * 101}
          height="112"
          role="img"
          aria-label={`Quicklist: ${nodes
            .map((n, i) => `node ${i}: ${num(n.count)} items, ${num(n.bytes)} bytes${n.compressed ? ', LZF' : ''}`)
            .join('; ')
            .slice(0, 900)}`}
        >
          <defs>
            <pattern id="lzf" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <path d="M0 0v5" stroke="var(--line-2)" />
            </pattern>
          </defs>
          {nodes.map((n, i) => {
            const x = i * 101
            const items = num(n.count) ?? 0
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a node is its place in the list
              <g key={i}>
                {(i === 0 || i === nodes.length - 1) && (
                  <text x={x} y="14" fontSize="12" className="ink3t">
                    {i === 0 ? 'head' : 'tail'}
                  </text>
                )}
                <rect
                  x={x + 0.5}
                  y="24"
                  width="84"
                  height="60"
                  rx="3"
                  fill={n.compressed ? 'url(#lzf)' : 'var(--replica-t)'}
                  stroke="var(--line-3)"
                />
                <rect x={x + 6} y="30" width="72" height="48" rx="2" fill="var(--bg-panel)" opacity=".92" />
                <text x={x + 12} y="46" fontSize="13" fontWeight="600">
                  {items} <tspan fontWeight="400">items</tspan>
                </text>
                <text className="m ink3t" x={x + 12} y="64" fontSize="11">
                  {bytesText(num(n.bytes) ?? 0)}
                </text>
                <rect x={x + 12} y="70" width={(60 * (num(n.bytes) ?? 0)) / most} height="3" fill="var(--line-3)" />
                {i < nodes.length - 1 && (
                  <path
                    d={`M${x + 86} 48h13m-4-3 4 3-4 3M${x + 99} 62h-13m4-3-4 3 4 3`}
                    fill="none"
                    stroke="var(--ink-3)"
                  />
                )}
                <text x={x + 42} y="102" fontSize="12" textAnchor="middle" className="ink3t">
                  {n.plain ? 'plain' : n.compressed ? 'LZF' : 'listpack'}
                </text>
              </g>
            )
          })}
        </svg>
      </div>
      <p className="cap">
        {count(num(s.count) ?? 0)} entries in {count(num(s.nodeCount) ?? nodes.length)} nodes. list-max-listpack-size{' '}
        {num(s.fill)}, list-compress-depth {num(s.compress)}.
      </p>
      {nodes.slice(0, 12).map((n, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a node is its place in the list
        <p className="cap mono" key={i}>
          {i}:{' '}
          {arr(n.entries)
            .map((e) => showBytes(str(e), 24))
            .join(', ')}
          {(num(n.count) ?? 0) > arr(n.entries).length ? ' …' : ''}
        </p>
      ))}
    </>
  )
}

export function IntsetView({ s }: { s: S }) {
  const width = num(s.encodingBytes) ?? 2
  const members = arr(s.members).map(str)
  const little = (value: string, n: number) =>
    Array.from({ length: n }, (_, i) => Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn))
  return (
    <>
      <p className="cap">
        Encoding {width}: each member takes {width} bytes, little-endian, in order. A member that does not fit widens
        them all.
      </p>
      <div className="ents">
        <Entry offset={0} name={`encoding ${width}`}>
          <Cells bytes={little(String(width), 4)} kind={() => 'e3'} />
        </Entry>
        <Entry offset={4} name={`length ${num(s.length) ?? 0}`}>
          <Cells bytes={little(String(num(s.length) ?? 0), 4)} kind={() => 'e3'} />
        </Entry>
        {members.slice(0, 64).map((m, i) => (
          <Entry key={m} offset={8 + i * width} name={m}>
            <Cells bytes={little(m, width)} kind={() => 'e1'} />
          </Entry>
        ))}
      </div>
      {(num(s.length) ?? 0) > 64 && <p className="cap">First 64 of {count(num(s.length) ?? 0)} members.</p>}
    </>
  )
}

export function SdsView({ s, encoding }: { s: S; encoding: string }) {
  const len = num(s.len) ?? 0
  const alloc = num(s.alloc) ?? len
  const flags = str(s.flags)
  const bytes = [...(readBytes(s.bytes) ?? [])].slice(0, 256)
  const free = Math.max(0, alloc - len)
  const width = flags.endsWith('16') ? 2 : flags.endsWith('32') ? 4 : 1
  const little = (n: number) => Array.from({ length: width }, (_, i) => (n >>> (8 * i)) & 0xff)
  const type = width === 1 ? 1 : width === 2 ? 2 : 3
  return (
    <>
      <p className="cap">
        sdshdr{width * 8}: len {count(len)}, alloc {count(alloc)}. Free: {count(free)} bytes.
        {encoding === 'embstr' ? ' Kept in one allocation with its object.' : ''}
      </p>
      <span className="by">
        {[...little(len), ...little(alloc)].map((b, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
          <span key={`h${i}`} className="cell e4" title={i < width ? 'len' : 'alloc'}>
            {hex(b)}
          </span>
        ))}
        <span className="cell e5" title="flags">
          {hex(type)}
        </span>
        {bytes.map((b, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
          <span key={i} className="cell e2" title={`0x${hex(b)}`}>
            {b === 32 ? '·' : b < 33 || b > 126 ? hex(b) : String.fromCharCode(b)}
          </span>
        ))}
        {len > bytes.length && <span className="cell">…</span>}
        <span className="cell e3">\0</span>
        {Array.from({ length: Math.min(free, 128) }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
          <span key={`f${i}`} className="cell free" />
        ))}
      </span>
      <div className="legend">
        <span>
          <i className="e4" />
          len, alloc
        </span>
        <span>
          <i className="e5" />
          flags
        </span>
        <span>
          <i className="e2" />
          buf; the pointer you hold starts here
        </span>
        <span>
          <i className="free" />
          free: the next APPEND of up to {count(free)} bytes needs no realloc
        </span>
      </div>
    </>
  )
}
