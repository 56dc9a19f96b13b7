/** Expiry: which keys are near their end, and how the active cycle finds those that are over it. */
import { showBytes } from '../bytes.ts'
import { count, duration } from '../format.ts'
import { useState } from 'react'
import { Tabs } from '../parts/Tabs.tsx'
import { useChoice } from './choice.ts'
import { plural, when } from './data.ts'
import { toTick } from './DictTools.tsx'
import { loopText } from './expiry-model.ts'
import { ExpiryStrategies } from './ExpiryStrategies.tsx'
import { failureOf, Pane } from './Pane.tsx'
import { Knob, Try } from './Knob.tsx'
import { KeyLink } from './ServerSheets.tsx'
import { Asking, DataTable, Figures, Scroll, useSheet } from './sheets.tsx'

interface ExpiryData {
  readonly db: number
  readonly size: number
  readonly buckets: number
  readonly counted: number
  readonly strip: readonly (readonly [number, number, number])[]
  readonly counts: readonly [number, number, number]
  readonly soonest: readonly { key: string; ttlMs: number }[]
  readonly cursor: number
  readonly active: boolean
  readonly replica: boolean
  readonly hz: number
  readonly effort: number
  readonly perLoop: number
  readonly acceptableStale: number
  readonly stalePercent: number
  readonly expiredKeys: number
  readonly capReached: number
  readonly avgTtlMs: number
  /** When serverCron ran last, and what a slow cycle may use. */
  readonly lastTick: number
  readonly budget: number
  readonly loops: readonly { at: number; cycle: string; sampled: number; expired: number; budget: number }[]
}

/** Forty keys at once with times from a fraction of a second to twenty minutes. */
const TTLS = [
  "EVAL \"for i=1,40 do redis.call('SET','session:'..i,'x','PX',400*i*(1+i%5)) end return 40\" 0",
  'SET token abc EX 1200',
]

/** Keys in three ways of dying, typed as they stand here. */
const INJECT: readonly (readonly [string, string])[] = [
  ['1,000 keys, all in 5 s', "EVAL \"for i=1,1000 do redis.call('SET','same:'..i,'x','PX',5000) end return 1000\" 0"],
  [
    '1,000 keys, 5 s and up to 100 s of jitter',
    "EVAL \"for i=1,1000 do redis.call('SET','jitter:'..i,'x','PX',5000+(i*7919)%100000) end return 1000\" 0",
  ],
  [
    '1,000 keys, half soon, half late',
    "EVAL \"for i=1,1000 do redis.call('SET','mixed:'..i,'x','PX',i%2==0 and 2000+i or 3600000) end return 1000\" 0",
  ],
]

const PARTS = ['This server', 'Strategies'] as const
export function ExpirySheet({ process }: { process: string }) {
  const [part, setPart] = useState<(typeof PARTS)[number]>('This server')
  return (
    <div className="expirysheet">
      <Tabs label="Expiry" names={PARTS} value={part} onChange={setPart} id="expiry" />
      <div
        className="sheets inner"
        role="tabpanel"
        id="expiry-panel"
        aria-labelledby={`expiry-${part.replace(' ', '-')}`}
      >
        {part === 'Strategies' ? <ExpiryStrategies /> : <OfServer process={process} />}
      </div>
    </div>
  )
}

function OfServer({ process }: { process: string }) {
  const { db } = useChoice()
  const d = useSheet<ExpiryData>(process, 'expiry', [String(db)])
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const [alive, soon, dead] = d.counts
  const last = d.loops[d.loops.length - 1]
  return (
    <>
      <Pane
        label="Expires dict"
        title="expires"
        sub={`db${d.db}, ${plural(d.size, 'key')} with a time`}
        className="wide"
        summary={
          d.size === 0
            ? 'No key here has a time to live. Try SET token abc EX 5.'
            : `${count(alive)} alive, ${count(soon)} within a second of death, ${count(dead)} expired and not yet deleted. ${d.counted < d.size ? `Counted in part: ${count(d.counted)} of ${count(d.size)}. ` : ''}The cursor is at bucket ${d.cursor} of ${d.buckets}. ${d.replica ? 'A replica deletes nothing itself: it waits for the DEL of its master.' : d.active ? '' : 'The active cycle is switched off (DEBUG SET-ACTIVE-EXPIRE).'}`
        }
        table={{
          head: ['Key', 'Time left'],
          rows: d.soonest.map((k) => [showBytes(k.key, 50), k.ttlMs < 0 ? 'expired' : duration(k.ttlMs * 1000)]),
        }}
      >
        <Strip d={d} />
        {!d.replica && (
          <div className="knobs">
            {d.size === 0 && (
              <Try process={process} lines={TTLS}>
                Make keys that expire
              </Try>
            )}
            {INJECT.map(([text, line]) => (
              <Try key={text} process={process} lines={[...(d.db === 0 ? [] : [`SELECT ${d.db}`]), line]}>
                {text}
              </Try>
            ))}
          </div>
        )}
        <div className="legend">
          <span>
            <svg width="12" height="12" aria-hidden="true">
              <circle cx="6" cy="6" r="4" fill="var(--ok)" />
            </svg>
            alive
          </span>
          <span>
            <svg width="12" height="12" aria-hidden="true">
              <circle cx="6" cy="6" r="4" fill="none" stroke="var(--suspect-ink)" strokeWidth="1.5" />
              <path d="M6 2a4 4 0 0 1 0 8z" fill="var(--suspect-ink)" />
            </svg>
            less than a second
          </span>
          <span>
            <svg width="12" height="12" aria-hidden="true">
              <circle cx="6" cy="6" r="4" fill="none" stroke="var(--down)" strokeWidth="1.5" />
            </svg>
            expired, not yet deleted
          </span>
          <span>
            <svg width="12" height="12" aria-hidden="true">
              <path d="M6 1v10m-4-4 4 4 4-4" fill="none" stroke="var(--ink)" strokeWidth="1.5" />
            </svg>
            expires_cursor
          </span>
        </div>
      </Pane>
      <Pane
        label="Active cycle"
        title="Active cycle"
        sub="each loop: expired of sampled"
        summary={
          last
            ? `Last loop at ${when(last.at)} (${last.cycle}): sampled ${last.sampled}, expired ${last.expired} (${Math.round((100 * last.expired) / Math.max(1, last.sampled))} %): ${(100 * last.expired) / Math.max(1, last.sampled) > d.acceptableStale ? 'repeat' : 'go on to the next database'}.`
            : 'No loop has found a key with a time yet.'
        }
        table={{
          head: ['Time', 'Cycle', 'Log', 'Budget left'],
          rows: d.loops
            .map((l, i) => [
              when(l.at),
              l.cycle,
              loopText(i + 1, { ...l, repeat: (100 * l.expired) / Math.max(1, l.sampled) > d.acceptableStale }),
              `${Math.max(0, Math.round(l.budget))} µs`,
            ])
            .reverse(),
        }}
      >
        <Loops d={d} />
        <Budget d={d} />
        <div className="knobs">
          <Try process={process} lines={[`DEBUG SET-ACTIVE-EXPIRE ${d.active ? 0 : 1}`]}>
            {d.active ? 'Freeze: DEBUG SET-ACTIVE-EXPIRE 0' : 'Go on: DEBUG SET-ACTIVE-EXPIRE 1'}
          </Try>
          <button type="button" className="btn small" onClick={() => toTick(d.lastTick, d.hz)}>
            Run one tick
          </button>
          <Knob process={process} name="hz" value={d.hz} min={1} max={100} />
          <Knob process={process} name="active-expire-effort" value={d.effort} min={1} max={10} />
        </div>
        <Figures
          list={[
            ['keys a loop', d.perLoop],
            ['repeat above', `${d.acceptableStale} %`],
            ['expired_stale_perc', d.stalePercent.toFixed(2)],
            ['expired_keys', count(d.expiredKeys)],
            ['time cap reached', d.capReached],
            ['avg_ttl', d.avgTtlMs === 0 ? '0' : duration(d.avgTtlMs * 1000)],
          ]}
        />
      </Pane>
      <Pane label="Next to die" title="Next to die">
        <DataTable
          label="Keys by time left"
          head={['Key', 'Time left']}
          right={[1]}
          rows={d.soonest.map((k) => [
            <KeyLink key="k" db={d.db} name={k.key} />,
            k.ttlMs < 0 ? 'expired' : duration(k.ttlMs * 1000),
          ])}
          empty="No key has a time to live."
        />
      </Pane>
    </>
  )
}

function Strip({ d }: { d: ExpiryData }) {
  if (d.size === 0) return null
  const w = Math.max(8, Math.min(26, 1040 / d.strip.length))
  const dense = d.strip.some((c) => c[0] + c[1] + c[2] > 6)
  return (
    <Scroll label="Expires dict">
      <svg
        width={d.strip.length * w + 4}
        height="112"
        role="img"
        aria-label={`Buckets of the expires dict: ${d.counts[0]} alive, ${d.counts[1]} within a second, ${d.counts[2]} expired`}
      >
        {d.strip.map((cell, i) => {
          const marks = cell.flatMap((n, kind) => Array.from({ length: dense ? 0 : n }, () => kind))
          const total = cell[0] + cell[1] + cell[2]
          const at = Math.floor((d.cursor / d.buckets) * d.strip.length) === i
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
            <g key={i} transform={`translate(${i * w + 2} 0)`}>
              {at && <path d={`M${w / 2} 2v14m-4-5 4 5 4-5`} fill="none" stroke="var(--ink)" strokeWidth="2" />}
              <rect
                x="0"
                y="92"
                width={w - 1}
                height="16"
                fill={total > 0 ? 'var(--bg-sel)' : 'var(--bg-panel)'}
                stroke={at ? 'var(--ink)' : 'var(--line-2)'}
              />
              {dense
                ? cell.map((n, kind) => (
                    <rect
                      // biome-ignore lint/suspicious/noArrayIndexKey: a class of keys
                      key={kind}
                      x="1"
                      width={w - 3}
                      y={90 - Math.min(68, (cell[0] + (kind > 0 ? cell[1] : 0) + (kind > 1 ? cell[2] : 0)) * 2)}
                      height={Math.min(68, n * 2)}
                      fill={kind === 0 ? 'var(--ok)' : kind === 1 ? 'var(--suspect)' : 'none'}
                      stroke={kind === 2 ? 'var(--down)' : 'none'}
                    />
                  ))
                : marks.map((kind, k) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a mark is its place
                    <Dot key={k} x={w / 2} y={84 - k * 11} kind={kind} />
                  ))}
            </g>
          )
        })}
      </svg>
    </Scroll>
  )
}

function Dot({ x, y, kind }: { x: number; y: number; kind: number }) {
  if (kind === 0) return <circle cx={x} cy={y} r="4" fill="var(--ok)" />
  if (kind === 2) return <circle cx={x} cy={y} r="4" fill="none" stroke="var(--down)" strokeWidth="1.5" />
  return (
    <>
      <circle cx={x} cy={y} r="4" fill="none" stroke="var(--suspect-ink)" strokeWidth="1.5" />
      <path d={`M${x} ${y - 4}a4 4 0 0 1 0 8z`} fill="var(--suspect-ink)" />
    </>
  )
}

function Loops({ d }: { d: ExpiryData }) {
  const list = d.loops.slice(-40)
  if (list.length === 0) return null
  const limit = 88 - d.acceptableStale * 0.8
  return (
    <svg
      className="loops"
      width="100%"
      height="112"
      viewBox="0 0 520 112"
      role="img"
      aria-label="Share of expired keys in each sample"
    >
      <path d="M30 88H516M30 8V88" stroke="var(--line-2)" fill="none" />
      <path d={`M30 ${limit}H516`} stroke="var(--ink)" strokeDasharray="4 3" />
      <text x="516" y="14" fontSize="11" textAnchor="end" className="ink2t">
        above {d.acceptableStale} %, the dashed line, the loop repeats
      </text>
      <text className="m ink3t" x="26" y="14" fontSize="11" textAnchor="end">
        100
      </text>
      {list.map((l, i) => {
        const share = l.expired / Math.max(1, l.sampled)
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a loop is its place
          <g key={i}>
            <rect
              x={34 + i * 12}
              y={88 - share * 80}
              width="9"
              height={Math.max(1, share * 80)}
              fill={share * 100 > d.acceptableStale ? 'var(--suspect)' : 'var(--line-3)'}
            >
              <title>{`${when(l.at)}, ${l.cycle}: ${l.expired} of ${l.sampled}`}</title>
            </rect>
            <text className="m ink3t" x={38 + i * 12} y="102" fontSize="11" textAnchor="middle">
              {l.cycle === 'fast' ? 'F' : 'S'}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

/** What the last cycle has used of its time. */
function Budget({ d }: { d: ExpiryData }) {
  const last = d.loops[d.loops.length - 1]
  const total = last?.cycle === 'fast' ? 1000 + 250 * (d.effort - 1) : d.budget
  const used = last === undefined ? 0 : Math.max(0, total - last.budget)
  const share = Math.min(1, used / Math.max(1, total))
  const text = `${(used / 1000).toFixed(2)} of ${(total / 1000).toFixed(total < 10_000 ? 2 : 0)} ms`
  return (
    <div className="budget" role="img" aria-label={`Budget of the last cycle: ${text}`}>
      <span className="cap">budget</span>
      <span className={`bar ${share >= 1 ? 'full' : ''}`}>
        <i style={{ width: `${100 * share}%` }} />
      </span>
      <span className="mono">{text}</span>
    </div>
  )
}
