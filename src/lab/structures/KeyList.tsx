/** The keys of a database by type. Looking at them touches none. */
import { memo, useDeferredValue, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { showBytes, textToBytes } from '../bytes.ts'
import { count, duration } from '../format.ts'
import { Icon } from '../parts/icons.tsx'
import { useView } from '../parts/use-view.ts'
import { useLab } from '../store.ts'
import { addressOf } from '../world-facts.ts'
import { pinOf, useChoice } from './choice.ts'
import { Examples } from './Cli.tsx'
import { type KeyRow, readKeys } from './shapes.ts'

/** Encodings of 7.0 by type. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  string: ['int', 'embstr', 'raw'],
  list: ['quicklist'],
  set: ['intset', 'hashtable'],
  zset: ['listpack', 'skiplist'],
  hash: ['listpack', 'hashtable'],
  stream: ['stream'],
}
/** From this many keys on a look is a sample: some buckets at a time, as SCAN goes. */
const SAMPLED = 100_000
const ORDER = ['zset', 'hash', 'list', 'set', 'string', 'stream']

export function KeysPanel({ process }: { process: string }) {
  const choice = useChoice()
  const [cursor, setCursor] = useState(0)
  const scenario = useLab((s) => s.session?.scenario)
  const servers = useLab(
    useShallow((s) => s.session?.scenario.topology.processes.filter((p) => p.kind === 'server') ?? []),
  )
  const data = useDeferredValue(
    useView(process, 'keys', [String(choice.db), String(cursor), choice.pattern, choice.type, choice.encoding]),
  )
  const { keys, total, cursor: next, lfu, buckets, looked } = readKeys(data)
  const filtered = choice.type !== '' || choice.encoding !== '' || choice.pattern !== ''
  return (
    <aside className="panel keys" aria-label="Keys">
      <div className="ph">
        db{choice.db}
        <span className="sub">
          {count(total)} {total === 1 ? 'key' : 'keys'}
          {choice.pins.length > 0 ? `, ${choice.pins.length} pinned` : ''}
        </span>
      </div>
      <div className="pick">
        <select
          className="field"
          aria-label="Process"
          value={process}
          onChange={(e) => useChoice.setState({ process: e.target.value, key: '', member: '' })}
        >
          {servers.map((p) => (
            <option key={p.name} value={p.name}>
              {p.name}, {scenario ? addressOf(scenario, p.name) : ''}
            </option>
          ))}
        </select>
        <div className="two">
          <select
            className="field"
            aria-label="Database"
            value={choice.db}
            onChange={(e) => {
              setCursor(0)
              useChoice.setState({ db: Number(e.target.value), key: '', member: '' })
            }}
          >
            {Array.from({ length: 16 }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the sixteen databases are their numbers
              <option key={i} value={i}>
                db{i}
              </option>
            ))}
          </select>
          <label className="find">
            <Icon name="search" size={14} />
            <input
              aria-label="Keys that match a pattern, as in SCAN MATCH"
              placeholder="MATCH *"
              onChange={(e) => {
                setCursor(0)
                useChoice.setState({ pattern: textToBytes(e.target.value) })
              }}
            />
          </label>
        </div>
        <div className="two kinds">
          <select
            className="field"
            aria-label="Only keys of this type"
            value={choice.type}
            onChange={(e) => {
              setCursor(0)
              useChoice.setState({ type: e.target.value, encoding: '' })
            }}
          >
            <option value="">type</option>
            {ORDER.map((t) => (
              <option key={t}>{t}</option>
            ))}
          </select>
          <select
            className="field"
            aria-label="Only keys kept as"
            value={choice.encoding}
            onChange={(e) => {
              setCursor(0)
              useChoice.setState({ encoding: e.target.value })
            }}
          >
            <option value="">encoding</option>
            {(choice.type === '' ? [...new Set(Object.values(KEPT).flat())] : (KEPT[choice.type] ?? [])).map((t) => (
              <option key={t}>{t}</option>
            ))}
          </select>
        </div>
      </div>
      <div className="keylist">
        {data === undefined ? (
          <p className="cap pad">Asking {process}</p>
        ) : data === null ? (
          <p className="cap pad">{process} is not running. Restart it in the topology (R).</p>
        ) : keys.length === 0 ? (
          total === 0 ? (
            <Examples process={process} />
          ) : (
            <p className="cap pad">No key here matches.</p>
          )
        ) : (
          <Groups keys={keys} process={process} lfu={lfu} />
        )}
        {(next > 0 || cursor > 0) && (
          <div className="pad pager">
            {next > 0 && (
              <button type="button" className="btn small" onClick={() => setCursor(next)}>
                More keys
              </button>
            )}
            {cursor > 0 && (
              <button type="button" className="btn small" onClick={() => setCursor(0)}>
                From the start
              </button>
            )}
            <span className="cap">
              {count(keys.length)} of {count(total)} are shown
              {total > SAMPLED || filtered ? `; ${count(looked)} of ${count(buckets)} buckets looked at` : ''}
            </span>
          </div>
        )}
      </div>
    </aside>
  )
}

function Groups({ keys, process, lfu }: { keys: readonly KeyRow[]; process: string; lfu: boolean }) {
  const { key: chosen, db, pins } = useChoice()
  const types = [...new Set([...ORDER, ...keys.map((k) => k.type)])].filter((t) => keys.some((k) => k.type === t))
  const onKey = (e: React.KeyboardEvent<HTMLDivElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    if (by === undefined) return
    const all = [...e.currentTarget.querySelectorAll<HTMLButtonElement>('.kb')]
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    e.preventDefault()
    e.stopPropagation()
    const to = all[Math.max(0, Math.min(all.length - 1, at + by))]
    to?.focus()
    to?.click()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows move between the buttons inside
    <div onKeyDown={onKey}>
      {types.map((type) => (
        <div key={type} role="group" aria-label={type}>
          <span className="ty">
            <TypeIcon type={type} /> {type}
          </span>
          {keys
            .filter((k) => k.type === type)
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map((k) => (
              <Row
                key={k.name}
                name={k.name}
                encoding={k.encoding}
                ttl={k.ttl}
                expired={k.expired}
                bytes={k.bytes}
                idle={k.idle}
                lfu={lfu}
                chosen={k.name === chosen}
                pinned={pins.includes(pinOf(process, db, k.name))}
                process={process}
              />
            ))}
        </div>
      ))}
      <p className="cap pad foot">
        A dot marks a pinned key
        {keys.some((k) => k.ttl !== null) ? ', a ring what is left of its time: full at a day, empty at a second' : ''}.
      </p>
    </div>
  )
}

/** The shape of a type: characters, a chain, a bag, a ranking, pairs, a log. */
const ICONS: Readonly<Record<string, string>> = {
  string: 'M1 4h10M1 8h7',
  list: 'M1 6h2m2 0h2m2 0h2M2 3v6M6 3v6M10 3v6',
  set: 'M4 1.5C2.5 1.5 3 5.5 1.5 6C3 6.5 2.5 10.5 4 10.5M8 1.5C9.5 1.5 9 5.5 10.5 6C9 6.5 9.5 10.5 8 10.5',
  zset: 'M1 11h10M2.5 11V7m3.5 4V4m3.5 7V1.5',
  hash: 'M1 2.5h3m2 0h5M1 6h3m2 0h5M1 9.5h3m2 0h5',
  stream: 'M1 3h10M1 6h10M1 9h6m2 -2l2 2-2 2',
}
function TypeIcon({ type }: { type: string }) {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" className="tyicon">
      <path d={ICONS[type] ?? 'M1 6h10'} fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" />
    </svg>
  )
}

/** What is left of a key's time, on a logarithmic ring from a second to a day. */
function TtlRing({ ms, expired }: { ms: number; expired: boolean }) {
  const share = expired ? 0 : Math.max(0.03, Math.min(1, Math.log(Math.max(1, ms / 1000)) / Math.log(86400)))
  const around = 2 * Math.PI * 4.5
  return (
    <svg
      className="ttl"
      width="13"
      height="13"
      role="img"
      aria-label={expired ? 'expired' : `expires in ${duration(ms * 1000)}`}
    >
      <circle
        cx="6.5"
        cy="6.5"
        r="4.5"
        fill="none"
        stroke={expired ? 'var(--down)' : 'var(--line-2)'}
        strokeWidth="2"
        strokeDasharray={expired ? '2 2' : undefined}
      />
      <circle
        cx="6.5"
        cy="6.5"
        r="4.5"
        fill="none"
        stroke="var(--ink)"
        strokeWidth="2"
        strokeDasharray={`${share * around} ${around}`}
        transform="rotate(-90 6.5 6.5)"
      />
    </svg>
  )
}

/** One key. Rows that did not change are left alone: there may be two hundred, several times a second. */
const Row = memo(function Row(props: {
  name: string
  encoding: string
  ttl: number | null
  expired: boolean
  bytes: number
  idle: number
  lfu: boolean
  chosen: boolean
  pinned: boolean
  process: string
}) {
  const { name, ttl, expired } = props
  return (
    <button
      type="button"
      className={`kb ${props.chosen ? 'on' : ''} ${expired ? 'expired' : ''}`}
      aria-pressed={props.chosen}
      title={`${showBytes(name)}${expired ? ', expired, not yet deleted' : ttl === null ? '' : `, expires in ${duration(ttl * 1000)}`}; ${count(props.bytes)} bytes, ${props.lfu ? `LFU counter ${props.idle}` : `idle ${props.idle} s`}`}
      onClick={() => useChoice.setState({ process: props.process, key: name, member: '' })}
    >
      <span>{showBytes(name, 60) || '""'}</span>
      <i
        className="sizebar"
        style={{ width: `${Math.min(100, Math.max(2, (Math.log2(Math.max(1, props.bytes / 32)) / 20) * 100))}%` }}
      />
      <span>
        {props.encoding}
        {ttl !== null && <TtlRing ms={ttl} expired={expired} />}
        {props.pinned && (
          <svg width="8" height="8" role="img" aria-label="pinned">
            <circle cx="4" cy="4" r="3" fill="var(--ink)" />
          </svg>
        )}
      </span>
    </button>
  )
})
