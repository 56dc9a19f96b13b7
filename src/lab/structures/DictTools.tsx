/** Beside a dict: its load on a gauge, what holds it up, the bits that name a bucket, steps of a rehash, lengths of chains. */
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { lab } from '../store.ts'
import { typeInto } from './Cli.tsx'
import { commandText, type DictData, sessionTime, type Visit } from './data.ts'
import { gaugeAt, hashBits, htstatsText } from './dict-text.ts'
import { Choose } from './Knob.tsx'

/** Runs the world to the next serverCron of a process, and stops there. */
export function toTick(lastTick: number, hz: number): void {
  const { session, state } = lab.get()
  if (!session || !state) return
  const period = Math.floor(1000 / hz) * 1000
  let at = sessionTime(lastTick) + period
  while (at <= state.now) at += period
  lab.set({ stepping: true })
  void session.runTo(at + 1)
}

const TICKS: readonly (readonly [number, string])[] = [
  [0.1, 'below: shrink'],
  [1, 'grow'],
  [5, 'grow, even with a child'],
]
export function LoadGauge({ dict }: { dict: DictData }) {
  const [old, next] = dict.tables
  if (!old || old.size === 0) return null
  const size = dict.rehashidx >= 0 && next ? next.size : old.size
  const load = dict.size / size
  const chips = [
    ...(dict.rehashidx >= 0 ? ['rehashing'] : []),
    ...(dict.policy === 'avoid' ? ['avoid: child active'] : dict.policy === 'forbid' ? ['forbid: in a child'] : []),
    ...(dict.pauserehash > 0 ? ['paused: iterator'] : []),
  ]
  const at = gaugeAt(load) * 100
  return (
    <div className="gauge">
      <span className="cap">load</span>
      <span
        className="bar"
        role="img"
        aria-label={`Load ${load.toFixed(2)}; a table shrinks below 0.1, grows at 1, and at 5 even while a child saves`}
      >
        <i style={{ width: `${at}%` }} />
        {TICKS.map(([n, text]) => (
          <span key={n} className="tick" style={{ left: `${gaugeAt(n) * 100}%` }} title={`${n}: ${text}`}>
            <span className="mono">{n === 0.1 ? '0.1' : n.toFixed(1)}</span>
          </span>
        ))}
      </span>
      <span className="mono">{load.toFixed(2)}</span>
      {chips.map((c) => (
        <span key={c} className="chip2">
          {c}
        </span>
      ))}
    </div>
  )
}

/** Hash, mask, bucket: for one key, in each table that there is. */
export function HashLine({ visit, dict }: { visit: Visit; dict: DictData }) {
  const tables = dict.tables.filter((t) => t.size > 0)
  const biggest = Math.max(1, ...tables.map((t) => t.size))
  const { bits } = hashBits(visit.hash, biggest, Math.max(8, Math.min(24, Math.log2(biggest) + 4)))
  return (
    <div className="hashline" data-testid="hash">
      <span className="mono ink">{showBytes(visit.key, 20)}</span>
      <span className="mono">0x{visit.hash.toString(16).padStart(8, '0')}</span>
      <span className="by" role="img" aria-label={`low bits ${bits}`}>
        <span className="bit dim">…</span>
        {[...bits].map((b, i) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: a bit is its place
            key={i}
            className={`bit ${i >= bits.length - Math.log2(tables[0]?.size ?? 1) ? 'one' : i >= bits.length - Math.log2(biggest) ? 'two' : 'dim'}`}
          >
            {b}
          </span>
        ))}
      </span>
      {tables.map((t, n) => (
        <span key={t.size} className="cap">
          & mask <span className="mono">0x{(t.size - 1).toString(16)}</span> = ht[{n}] bucket{' '}
          <b className="mono ink">{count((visit.hash & (t.size - 1)) >>> 0)}</b>
        </span>
      ))}
    </div>
  )
}

/** One command moves one bucket, a tick of the clock moves for a millisecond: both can be taken singly. */
export function DictSteps(props: {
  process: string
  db: number
  dict: DictData
  name: string
  active: boolean
  tick: { readonly last: number; readonly hz: number } | undefined
}) {
  const { process, db, dict, name, tick } = props
  const line = commandText(['EXISTS', name === '' || name.length > 40 ? 'some-key' : name], 80)
  return (
    <div className="knobs">
      <button
        type="button"
        className="btn small"
        title="A lookup moves one bucket that is not empty, and passes ten empty ones at most"
        onClick={() => typeInto(process, [...(db === 0 ? [] : [`SELECT ${db}`]), line])}
      >
        One command: <span className="mono">{line}</span>
      </button>
      {tick && (
        <button
          type="button"
          className="btn small"
          title="Runs to the next serverCron and stops: 1 ms of rehashing when activerehashing is on"
          onClick={() => toTick(tick.last, tick.hz)}
        >
          One cron ms
        </button>
      )}
      <Choose process={process} name="activerehashing" value={props.active ? 'yes' : 'no'} options={['yes', 'no']} />
      <ChainLengths dict={dict} process={process} db={db} />
    </div>
  )
}

/** Bars of chain lengths, and the words of DEBUG HTSTATS. */
export function ChainLengths({ dict, process, db }: { dict: DictData; process?: string; db?: number }) {
  const exact = dict.tables.every((t) => !t.sampled && t.histogram.length <= 16)
  return (
    <details className="chains">
      <summary>Chain lengths</summary>
      <div className="chainsbody">
        {dict.tables.map((t, n) => {
          const all = Math.max(1, ...t.histogram)
          return (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: the two tables are their numbers
              key={n}
              className="chainbars"
              role="img"
              aria-label={`ht[${n}]: ${t.histogram.map((c, l) => `${l}: ${c}`).join(', ')}`}
            >
              {t.histogram.map((c, l) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a length is its place
                <span key={l}>
                  <i style={{ height: `${Math.max(c > 0 ? 2 : 0, (56 * c) / all)}px` }} />
                  <span className="mono">{l === 16 ? '16+' : l}</span>
                </span>
              ))}
            </div>
          )
        })}
        <pre className="mono">{dict.tables.map((t, n) => htstatsText(t, n)).join('')}</pre>
        {!exact && <p className="cap">Counted in part: the command counts all.</p>}
        {process !== undefined && (
          <button type="button" className="btn small" onClick={() => typeInto(process, [`DEBUG HTSTATS ${db ?? 0}`])}>
            <span className="mono">DEBUG HTSTATS {db ?? 0}</span>
          </button>
        )}
      </div>
    </details>
  )
}
