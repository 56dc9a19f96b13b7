/** Packets of the cluster bus, decoded: as each node received them, or all that one node sent and received; and one of them whole. */
import { memo, useEffect, useMemo, useState } from 'react'
import { EPOCH_MS } from '../../world/index.ts'
import { count, seconds } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { type ClusterPicture, useViews } from './data.ts'

export interface PacketRow {
  readonly seq: number
  readonly at: number
  readonly sent: boolean
  readonly type: string
  readonly length: number
  readonly from: string
  readonly to: string
  readonly remote: string
  readonly currentEpoch: number
  readonly configEpoch: number
  readonly flags: string
  readonly about: readonly (readonly [string, string])[]
  readonly malformed: boolean
}
export interface BusPacket extends PacketRow {
  /** Whose memory it is in. */
  readonly process: string
}
interface BusData {
  /** Each packet's row as JSON, by its number. */
  readonly packets: Readonly<Record<string, string>>
}
/** Rows that were read, by process and number: a packet is read once. */
const read = new Map<string, { text: string; packet: BusPacket }>()
function packetOf(process: string, seq: string, text: string): BusPacket {
  const key = `${process} ${seq}`
  const known = read.get(key)
  if (known?.text === text) return known.packet
  const packet = { ...(JSON.parse(text) as PacketRow), process }
  if (read.size > 4000) read.clear()
  read.set(key, { text, packet })
  return packet
}
const timeOf = (at: number): string => seconds(at - EPOCH_MS * 1000)

/** Packets that these nodes remember, oldest first. */
export function usePackets(names: readonly string[], most: number, received: boolean): readonly BusPacket[] {
  const args = useMemo(() => ['bus', `${most}`, received ? 'received' : 'all'], [most, received])
  const views = useViews(names, 'cluster', args)
  return useMemo(() => {
    const all: BusPacket[] = []
    for (const [process, data] of Object.entries(views))
      for (const [seq, text] of Object.entries((data as BusData | null)?.packets ?? {}))
        all.push(packetOf(process, seq, text))
    return all.sort((a, b) => a.at - b.at || a.seq - b.seq)
  }, [views])
}

/** "n3 fail?" of all that it speaks of; of one node alone: what it says of that. */
function aboutText(p: PacketRow, nameOf: (id: string) => string): string {
  return p.about
    .map(([id, flags]) => {
      const state = flags.split(',').filter((f) => f !== 'master' && f !== 'slave' && f !== 'myself' && f !== 'noflags')
      return `${nameOf(id)}${state.length === 0 ? '' : ` ${state.join(' ')}`}`
    })
    .join(', ')
}

const KINDS = [
  'all',
  'no PING, PONG',
  'ping',
  'pong',
  'meet',
  'fail',
  'auth-req',
  'auth-ack',
  'update',
  'publish',
] as const
const matches = (kind: (typeof KINDS)[number], p: PacketRow): boolean =>
  kind === 'all' || (kind === 'no PING, PONG' ? p.type !== 'ping' && p.type !== 'pong' : p.type.startsWith(kind))
const MOST = 200

export function Bus({ picture }: { picture: ClusterPicture }) {
  const [node, setNode] = useState('')
  const [kind, setKind] = useState<(typeof KINDS)[number]>('all')
  const [chosen, setChosen] = useState<{ process: string; seq: number } | null>(null)
  const names = picture.members.map((m) => m.name).join(' ')
  const asked = useMemo(() => (node === '' ? names.split(' ') : [node]), [names, node])
  const all = usePackets(asked, node === '' ? 40 : 160, node === '')
  const rows = all.filter((p) => matches(kind, p)).slice(-MOST)
  const last = rows[rows.length - 1]
  return (
    <div className={`bus ${chosen ? 'two' : ''}`}>
      <div className="bus-list">
        <div className="bus-tools">
          <select className="field" aria-label="Whose packets" value={node} onChange={(e) => setNode(e.target.value)}>
            <option value="">received by all</option>
            {picture.members.map((m) => (
              <option key={m.name} value={m.name}>
                {m.name}, both ways
              </option>
            ))}
          </select>
          <select
            className="field"
            aria-label="Which packets"
            value={kind}
            onChange={(e) => setKind(e.target.value as typeof kind)}
          >
            {KINDS.map((k) => (
              <option key={k} value={k}>
                {k === 'all' || k.startsWith('no') ? k : k.toUpperCase()}
              </option>
            ))}
          </select>
          <span className="ink3 hide-m">the last {count(rows.length)}</span>
        </div>
        <div
          className="bus-rows"
          role="listbox"
          aria-label="Packets of the cluster bus"
          tabIndex={0}
          onKeyDown={(e) => {
            const move = { ArrowDown: 1, ArrowUp: -1 }[e.key]
            if (move === undefined || rows.length === 0) return
            e.preventDefault()
            e.stopPropagation()
            const at = rows.findIndex((p) => p.seq === chosen?.seq && p.process === chosen.process)
            const next = at < 0 ? last : rows[Math.min(rows.length - 1, Math.max(0, at + move))]
            if (next) setChosen({ process: next.process, seq: next.seq })
          }}
        >
          <div>
            {rows.length === 0 && <p className="cap">No such packet is remembered.</p>}
            {rows.map((p) => (
              <Row
                key={`${p.process} ${p.seq}`}
                p={p}
                nameOf={picture.nameOf}
                on={chosen?.seq === p.seq && chosen.process === p.process}
                choose={setChosen}
              />
            ))}
          </div>
        </div>
      </div>
      {chosen && <Inspector picture={picture} chosen={chosen} close={() => setChosen(null)} />}
    </div>
  )
}

interface RowProps {
  p: BusPacket
  nameOf: (id: string) => string
  on: boolean
  choose: (c: { process: string; seq: number }) => void
}
const Row = memo(
  function Row({ p, nameOf, on, choose }: RowProps) {
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the list itself has the focus
      <div
        role="option"
        aria-selected={on}
        className={`bus-row t-${p.type}`}
        onClick={() => choose({ process: p.process, seq: p.seq })}
      >
        <span className="g">{timeOf(p.at)}</span>
        <span>
          {p.from === '' ? '?' : nameOf(p.from)} to {p.to === '' ? p.remote : nameOf(p.to)}
        </span>
        <b>{p.type.toUpperCase()}</b>
        <span className="ink2">
          {p.malformed
            ? 'malformed, dropped'
            : `epoch ${p.currentEpoch}${p.about.length > 0 ? `, ${aboutText(p, nameOf)}` : ''}`}
        </span>
      </div>
    )
  },
  (a, b) => a.p === b.p && a.on === b.on,
)

interface PacketData {
  readonly row: PacketRow
  readonly fields: readonly {
    readonly name: string
    readonly at: number
    readonly length: number
    readonly text: string
  }[]
  readonly gossip: readonly {
    readonly name: string
    readonly pingSent: number
    readonly pongReceived: number
    readonly ip: string
    readonly port: number
    readonly cport: number
    readonly flags: string
  }[]
  readonly bytes: string
}

const hex = (s: string): string => Array.from(s, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
/** So many a line; lines that repeat the one before are a star, as hexdump does it. */
export function dump(bytes: string, width = 16): { at: number; text: string; starred: boolean }[] {
  const lines: { at: number; text: string; starred: boolean }[] = []
  let before = ''
  let starred = false
  for (let at = 0; at < bytes.length; at += width) {
    const text = bytes.slice(at, at + width)
    if (text === before) {
      if (!starred) lines.push({ at, text: '', starred: true })
      starred = true
      continue
    }
    lines.push({ at, text, starred: false })
    before = text
    starred = false
  }
  return lines
}
const HEADER = 2256
const WIDTH = 8

function Inspector(props: { picture: ClusterPicture; chosen: { process: string; seq: number }; close: () => void }) {
  const { picture, chosen, close } = props
  const args = useMemo(() => ['packet', `${chosen.seq}`], [chosen.seq])
  const live = useView(chosen.process, 'cluster', args) as PacketData | null | undefined
  const [kept, setKept] = useState<{ of: string; data: PacketData } | null>(null)
  const [field, setField] = useState<{ at: number; length: number } | null>(null)
  const of = `${chosen.process} ${chosen.seq}`
  // The node forgets it before long; who reads it does not.
  useEffect(() => {
    if (live) setKept({ of, data: live })
  }, [live, of])
  const data = kept?.of === of ? kept.data : null
  if (data === null)
    return (
      <div className="bus-one">
        <p className="cap">{live === null ? `${chosen.process} no longer remembers it.` : 'Asking'}</p>
      </div>
    )
  const { row } = data
  const named = (text: string): string =>
    /^[0-9a-f]{40}$/.test(text) ? `${picture.nameOf(text)}  ${text.slice(0, 8)}…` : text
  return (
    <section className="bus-one" aria-label="Packet">
      <div className="bus-head">
        <b>{row.type.toUpperCase()}</b> {picture.nameOf(row.from)} to{' '}
        {row.to === '' ? row.remote : picture.nameOf(row.to)}
        <span className="ink3">
          {count(row.length)} bytes at {timeOf(row.at)}
        </span>
        <span className="sp" />
        <button type="button" className="btn q small" onClick={close}>
          Close
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="bus-body" tabIndex={0} role="region" aria-label="Fields and bytes">
        <table className="t fields">
          <thead>
            <tr>
              <th scope="col">at</th>
              <th scope="col">field</th>
              <th scope="col">says</th>
            </tr>
          </thead>
          <tbody>
            {data.fields.map((f) => (
              <tr key={f.name} onPointerEnter={() => setField(f)} onPointerLeave={() => setField(null)}>
                <td className="mono">{f.at}</td>
                <th scope="row" className="mono">
                  {f.name}
                </th>
                <td className="mono" title={f.text}>
                  {named(f.text)}
                </td>
              </tr>
            ))}
            {data.gossip.map((g, i) => (
              <tr
                key={`${g.name}${g.flags}`}
                onPointerEnter={() => setField({ at: HEADER + i * 104, length: 104 })}
                onPointerLeave={() => setField(null)}
              >
                <td className="mono">{HEADER + i * 104}</td>
                <th scope="row">gossip</th>
                <td className="mono">
                  {picture.nameOf(g.name)} {g.ip}:{g.port}@{g.cport} {g.flags}
                  <small>
                    {g.pingSent === 0 ? 'no PING waits' : `PING since ${g.pingSent - EPOCH_MS / 1000} s`}, PONG at{' '}
                    {g.pongReceived === 0 ? 'no time' : `${g.pongReceived - EPOCH_MS / 1000} s`}
                  </small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <pre className="hex">
          {dump(data.bytes, WIDTH).map((l) => (
            <div
              key={l.at}
              className={
                field && l.at < field.at + field.length && l.at + WIDTH > field.at && !l.starred ? 'on' : undefined
              }
            >
              {l.starred ? '*' : `${l.at.toString(16).padStart(4, '0')}  ${hex(l.text)}`}
            </div>
          ))}
        </pre>
      </div>
    </section>
  )
}

const LAST = 4
/** What the bus said last of one node. */
export function LastOnTheBus({ picture, about }: { picture: ClusterPicture; about: string }) {
  const names = picture.members.map((m) => m.name).join(' ')
  const asked = useMemo(() => names.split(' '), [names])
  const all = usePackets(asked, 12, true)
  const id = picture.members.find((m) => m.name === about)?.id ?? ''
  const rows = all.filter((p) => p.about.some(([n]) => n === id) || p.from === id).slice(-LAST)
  return (
    <div className="bus-last">
      <div className="h">Last on the bus, about {about}</div>
      {rows.length === 0 && <p className="cap">Nothing lately.</p>}
      {rows.map((p) => {
        const said = p.about.find(([n]) => n === id)?.[1] ?? 'itself'
        return (
          <div key={`${p.process} ${p.seq}`} className="mono">
            <span className="g">{timeOf(p.at)}</span>
            <span>
              {picture.nameOf(p.from)} to {picture.nameOf(p.to)}
            </span>
            <span>{p.type.toUpperCase()}</span>
            <span className={said.includes('fail') ? 'warn' : 'ink2'}>
              {said === 'itself' ? said : `flags=${said}`}
            </span>
          </div>
        )
      })}
    </div>
  )
}
