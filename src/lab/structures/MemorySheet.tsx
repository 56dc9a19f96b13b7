/** Memory: where the bytes are, what counts against the limit, how it grew, what changed between two looks, what bins lose. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { useChoice } from './choice.ts'
import { plural, type SampleData, when } from './data.ts'
import { GrowthPane, type MemorySample } from './Growth.tsx'
import { Choose, Knob } from './Knob.tsx'
import { diffOf, groupByPrefix, rowsOf, type Snapshot, signed } from './memory-diff.ts'
import { failureOf, Pane } from './Pane.tsx'
import { KeyLink, POLICIES } from './ServerSheets.tsx'
import { Asking, DataTable, Figures, Shares, useSheet } from './sheets.tsx'

interface Group {
  readonly name: string
  readonly keys: number
  readonly bytes: number
}
interface KeyBytes {
  readonly db: number
  readonly key: string
  readonly type: string
  readonly encoding: string
  readonly bytes: number
  readonly wasted: number
  readonly length: number
}
interface MemoryData {
  readonly total: number
  readonly startup: number
  readonly clients: number
  readonly replicas: number
  readonly backlog: number
  readonly scripts: number
  readonly aofBuffer: number
  readonly functions: number
  readonly cow: number
  readonly cowNow: number
  readonly rss: number
  readonly fragmentation: number
  readonly dbs: readonly { readonly id: number; readonly main: number; readonly expires: number }[]
  readonly overhead: number
  readonly dataset: number
  readonly peak: number
  readonly maxmemory: number
  readonly policy: string
  /** What evictions do not count: the replicas' buffers beyond the backlog. */
  readonly notCounted: number
  readonly seen: number
  readonly all: number
  readonly history: readonly MemorySample[]
  readonly growth: readonly SampleData[]
  readonly now: number
  readonly bins: readonly { what: string; count: number; asked: number; bin: number; counted: number }[]
  readonly top: readonly KeyBytes[]
  readonly wasteful: readonly KeyBytes[]
  readonly prefixes: readonly Group[]
  readonly types: readonly Group[]
}

export function MemorySheet({ process }: { process: string }) {
  const { db, key } = useChoice()
  const m = useSheet<MemoryData>(process, 'memory', [String(db), key])
  if (!m || failureOf(m) !== null) return <Asking process={process} data={m} />
  const tables = m.dbs.reduce((n, d) => n + d.main + d.expires, 0)
  const parts = [
    { name: 'dataset', value: Math.max(0, m.dataset) },
    { name: 'startup', value: m.startup },
    { name: 'key tables', value: tables },
    { name: 'clients', value: m.clients },
    { name: 'replicas', value: m.replicas },
    { name: 'backlog', value: m.backlog },
    { name: 'scripts', value: m.scripts },
    { name: 'AOF buffer', value: m.aofBuffer },
  ].map((p) => ({ ...p, text: bytesText(p.value) }))
  const sampled = m.seen < m.all ? ` ${count(m.seen)} of ${count(m.all)} keys were looked at.` : ''
  const counted = m.total - m.notCounted
  const whole = Math.max(m.total, m.maxmemory, 1)
  return (
    <div className="sheets">
      <Pane
        label="Memory"
        title="Memory"
        sub="as MEMORY STATS counts it"
        className="wide"
        summary={`used_memory ${count(m.total)}: ${count(Math.max(0, m.dataset))} of data in ${plural(m.all, 'key')}, ${count(m.overhead)} of overhead. ${
          m.maxmemory === 0
            ? 'maxmemory is 0: no limit.'
            : `maxmemory ${count(m.maxmemory)}, ${m.policy}; ${count(Math.max(0, m.maxmemory - counted))} bytes to the limit${m.notCounted > 0 ? ` (${count(m.notCounted)} of the replicas do not count)` : ''}.`
        }`}
        table={{ head: ['Part', 'Bytes'], rows: parts.map((p) => [p.name, p.value]) }}
      >
        <Shares list={parts} total={m.total} limit={m.maxmemory} label="Memory" />
        <div className="bracket" style={{ width: `${(100 * counted) / whole}%` }}>
          <span>
            counted for eviction, <b className="mono">{bytesText(counted)}</b>
          </span>
        </div>
        <Figures
          list={[
            ['used_memory', count(m.total)],
            ['peak', count(m.peak)],
            ['used_memory_rss', count(m.rss)],
            ['mem_fragmentation_ratio', m.fragmentation.toFixed(2)],
            [m.cowNow > 0 ? 'current_cow_size' : 'last cow_size', count(m.cowNow > 0 ? m.cowNow : m.cow)],
            ['mem_aof_buffer', count(m.aofBuffer)],
          ]}
        />
        <div className="knobs">
          <Knob
            process={process}
            name="maxmemory"
            value={m.maxmemory}
            min={0}
            max={8_388_608}
            step={65536}
            say={(v) => (v === 0 ? '0, no limit' : bytesText(v))}
          />
          <Choose process={process} name="maxmemory-policy" value={m.policy} options={POLICIES} />
        </div>
      </Pane>
      <GrowthPane history={m.history} growth={m.growth} now={m.now} name={key} startup={m.startup} />
      <KeysPane m={m} sampled={sampled} />
      <BinsPane m={m} name={key} />
      <DiffPane
        now={{
          at: m.now,
          total: m.total,
          parts,
          prefixes: m.prefixes,
          keys: m.top.map(({ db: n, key: k, bytes }) => ({ db: n, key: k, bytes })),
        }}
      />
      <Pane label="Groups" title="By prefix and encoding" className="wide" summary={sampled.trim()}>
        <DataTable
          label="Bytes by prefix"
          head={['Prefix', 'Keys', 'Bytes']}
          right={[1, 2]}
          rows={m.prefixes.slice(0, 12).map((g) => [showBytes(g.name, 32), count(g.keys), count(g.bytes)])}
          empty="No keys."
        />
        <DataTable
          label="Bytes by encoding"
          head={['Type, encoding', 'Keys', 'Bytes', 'Bytes a key']}
          right={[1, 2, 3]}
          rows={m.types.map((g) => [g.name, count(g.keys), count(g.bytes), count(Math.round(g.bytes / g.keys))])}
          empty="No keys."
        />
      </Pane>
    </div>
  )
}

function KeysPane({ m, sampled }: { m: MemoryData; sampled: string }) {
  const [by, setBy] = useState<'bytes' | 'waste'>('bytes')
  const list = (by === 'bytes' ? m.top : m.wasteful).slice(0, 20)
  return (
    <Pane
      label="Keys by bytes"
      title="Keys by bytes"
      sub="grouped by prefix; a key opens its structure"
      className="wide"
      testid="bigkeys"
      right={
        <span className="seg">
          {(['bytes', 'waste'] as const).map((b) => (
            <button
              key={b}
              type="button"
              className={`btn small ${by === b ? 'on' : ''}`}
              aria-pressed={by === b}
              onClick={() => setBy(b)}
            >
              by {b}
            </button>
          ))}
        </span>
      }
      summary={`${
        m.top[0]
          ? `The largest is ${showBytes(m.top[0].key, 24)} with ${count(m.top[0].bytes)} bytes${m.wasteful[0] && m.wasteful[0].wasted > 0 ? `; ${showBytes(m.wasteful[0].key, 24)} loses most, ${count(m.wasteful[0].wasted)} bytes` : ''}.`
          : ''
      }${sampled}`}
    >
      <Treemap top={m.top} />
      <DataTable
        label="Largest keys"
        head={['Key', 'Kept as', 'Elements', 'Bytes', 'Lost in bins and free room']}
        right={[2, 3, 4]}
        rows={list.map((k) => [
          <KeyLink key="k" db={k.db} name={k.key} />,
          `${k.type}, ${k.encoding}`,
          count(k.length),
          count(k.bytes),
          count(k.wasted),
        ])}
        empty="No keys."
      />
    </Pane>
  )
}

/** Groups of keys, each as wide as its share of its row; within a group the keys. */
function Treemap({ top }: { top: MemoryData['top'] }) {
  const rows = rowsOf(groupByPrefix(top))
  if (rows.length === 0) return null
  const shown = top.reduce((n, k) => n + k.bytes, 0)
  const open = (k: KeyBytes) => useChoice.setState({ db: k.db, key: k.key, member: '', screen: 'Keys' })
  return (
    <div className="treemap" role="group" aria-label="Share of bytes">
      {rows.map((r) => {
        const bytes = r.reduce((n, t) => n + t.bytes, 0)
        return (
          <div key={r[0]?.name} style={{ height: Math.max(34, (170 * bytes) / shown) }}>
            {r.map((t) => (
              <div
                key={t.name}
                className="tile"
                style={{ flexGrow: t.bytes }}
                title={`${showBytes(t.name)}: ${count(t.bytes)} bytes`}
              >
                {t.items.length > 1 && <em className="mono">{showBytes(t.name, 18)}</em>}
                <div>
                  {t.items.slice(0, 24).map((k) => (
                    <button
                      key={`${k.db}|${k.key}`}
                      type="button"
                      style={{ flexGrow: k.bytes }}
                      title={`${showBytes(k.key)}: ${count(k.bytes)} bytes`}
                      onClick={() => open(k)}
                    >
                      {showBytes(t.items.length > 1 ? k.key.slice(k.key.indexOf(':') + 1) : k.key, 16)}
                    </button>
                  ))}
                </div>
              </div>
            ))}
          </div>
        )
      })}
    </div>
  )
}

function BinsPane({ m, name }: { m: MemoryData; name: string }) {
  const asked = m.bins.reduce((n, b) => n + b.count * b.asked, 0)
  const served = m.bins.reduce((n, b) => n + b.count * b.bin, 0)
  const widest = Math.max(1, ...m.bins.map((b) => b.bin))
  return (
    <Pane
      label="Allocator bins"
      title="Allocator bins"
      sub={<span className="mono">{showBytes(name, 24)}</span>}
      testid="bins"
      summary={
        m.bins.length === 0
          ? 'Choose a key at the left: its allocations are shown with the size classes that serve them.'
          : `${count(asked)} bytes asked for, ${count(served)} served: ${count(served - asked)} (${((100 * (served - asked)) / Math.max(1, served)).toFixed(1)} %) lie unused in their bins. MEMORY USAGE counts structs by their size and all else by its bin.`
      }
    >
      {m.bins.length > 0 && (
        <DataTable
          label="Allocations of the key"
          head={['What', 'Number', 'Asked', 'Bin', 'Filled', 'Lost']}
          right={[1, 2, 3, 5]}
          rows={m.bins.map((b) => [
            b.what,
            count(b.count),
            count(b.asked),
            count(b.bin),
            <span
              key="f"
              className="binbar"
              style={{ width: `${Math.max(10, 100 * Math.sqrt(b.bin / widest))}%` }}
              role="img"
              aria-label={`${Math.round((100 * b.asked) / b.bin)} percent`}
            >
              <i style={{ width: `${(100 * b.asked) / b.bin}%` }} />
            </span>,
            count(b.count * (b.bin - b.asked)),
          ])}
        />
      )}
    </Pane>
  )
}

function DiffPane({ now }: { now: Snapshot }) {
  const [a, setA] = useState<Snapshot | null>(null)
  const [b, setB] = useState<Snapshot | null>(null)
  const end = b ?? now
  const lines = a ? diffOf(a, end) : []
  const most = Math.max(1, ...lines.map((l) => Math.abs(l.b - l.a)))
  return (
    <Pane
      label="A and B"
      title="Between A and B"
      testid="memdiff"
      right={
        <>
          <button
            type="button"
            className="btn small"
            onClick={() => {
              setA(now)
              setB(null)
            }}
          >
            Keep as A
          </button>
          <button type="button" className="btn small" disabled={a === null} onClick={() => setB(now)}>
            Keep as B
          </button>
        </>
      }
      summary={
        a
          ? `A at ${when(a.at)} ${count(a.total)}, B ${b ? `at ${when(b.at)}` : 'now'} ${count(end.total)}: ${signed(end.total - a.total)} bytes.`
          : 'Keep a look at memory as A, run commands, and see what they added. Without a B it is compared with now.'
      }
    >
      {a && (
        <DataTable
          label="Difference of A and B"
          head={['What', 'Name', 'A', 'B', 'Difference', '']}
          right={[2, 3, 4]}
          rows={lines.map((l) => [
            l.kind,
            showBytes(l.name, 28),
            count(l.a),
            count(l.b),
            signed(l.b - l.a),
            <span key="d" className={`diffbar ${l.b < l.a ? 'less' : ''}`}>
              <i style={{ width: `${(100 * Math.abs(l.b - l.a)) / most}%` }} />
            </span>,
          ])}
          empty="Nothing has changed."
        />
      )}
    </Pane>
  )
}
