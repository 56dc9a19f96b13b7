/** Eviction: which keys go, how they were chosen, and how good the choice was. */
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Choose, Knob, Try } from './Knob.tsx'
import { POLICIES } from './ServerSheets.tsx'
import { Asking, DataTable, Figures, Scroll, useSheet } from './sheets.tsx'

/** Keys of which none is ever read again: what an eviction chooses from. */
const FILL = [
  'CONFIG SET maxmemory-policy allkeys-lru',
  "EVAL \"for i=1,400 do redis.call('SET','page:'..i,string.rep('x',400)) end return 400\" 0",
  'CONFIG SET maxmemory 1300000',
  "EVAL \"for i=401,500 do redis.call('SET','page:'..i,string.rep('x',400)) end return 100\" 0",
]

interface EvictionData {
  readonly policy: string
  readonly samples: number
  readonly maxmemory: number
  readonly used: number
  readonly lfu: boolean
  readonly evictedKeys: number
  readonly total: number | null
  readonly bars: readonly { key: string; score: number; rank: number }[]
  readonly pool: readonly { key: string; rank: number | null }[]
  readonly victims: readonly {
    at: number
    db: number
    key: string
    score: number
    size: number
    sampled: readonly string[]
    rank: number | null
    of: number | null
  }[]
}

const unit = (policy: string): string =>
  policy.endsWith('lru')
    ? 'idle seconds'
    : policy.endsWith('lfu')
      ? '255 less the counter'
      : policy === 'volatile-ttl'
        ? 'seconds to live, negated'
        : 'no score'

export function EvictionSheet({ process }: { process: string }) {
  const d = useSheet<EvictionData>(process, 'eviction')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const ranked = d.victims.filter((v) => v.rank !== null && v.of !== null && v.of > 1)
  const quality =
    ranked.reduce((n, v) => n + 1 - ((v.rank ?? 1) - 1) / Math.max(1, (v.of ?? 2) - 1), 0) / Math.max(1, ranked.length)
  const last = d.victims[d.victims.length - 1]
  const sampled = new Set(last?.sampled ?? [])
  const pool = new Set(d.pool.map((p) => p.key))
  const words =
    d.maxmemory === 0
      ? 'maxmemory is 0: nothing is ever evicted. Try CONFIG SET maxmemory 2mb and a policy.'
      : d.policy === 'noeviction'
        ? 'noeviction: over the limit a write is answered with OOM, and no key goes.'
        : d.total === 0
          ? 'No candidate: no key may go under this policy.'
          : last
            ? `Last victim ${showBytes(last.key, 30)} at ${when(last.at)}${last.rank === null ? '' : `, truly number ${last.rank} of ${last.of}`}; sampled ${last.sampled.map((k) => showBytes(k, 16)).join(', ')}.`
            : 'Under the limit: nothing was evicted yet.'
  return (
    <div className="sheets">
      <Pane
        label="Candidates"
        title="Candidates by score"
        sub={`${d.policy}, ${unit(d.policy)}`}
        className="wide"
        summary={words}
        table={{
          head: ['Rank', 'Key', 'Score', 'In the pool'],
          rows: d.bars
            .slice(0, 100)
            .map((b) => [b.rank, showBytes(b.key, 40), Number(b.score.toFixed(2)), pool.has(b.key) ? 'yes' : '']),
        }}
      >
        <Figures
          list={[
            ['used', bytesText(d.used)],
            ['maxmemory', d.maxmemory === 0 ? '0' : bytesText(d.maxmemory)],
            ['evicted_keys', count(d.evictedKeys)],
            ['candidates', d.total === null ? 'too many to rank' : count(d.total)],
          ]}
        />
        <Bars d={d} sampled={sampled} pool={pool} />
        <div className="knobs">
          <Knob process={process} name="maxmemory-samples" value={d.samples} min={1} max={16} />
          <Choose process={process} name="maxmemory-policy" value={d.policy} options={POLICIES} />
          {d.maxmemory === 0 && (
            <Try process={process} lines={FILL}>
              Fill it beyond a limit
            </Try>
          )}
        </div>
        {d.total === null && <p className="cap">More than 5,000 candidates: they are not ranked here.</p>}
      </Pane>
      <Pane
        label="Eviction pool"
        title="Eviction pool"
        sub="best last"
        summary={`${d.pool.length} of 16 places are taken.`}
      >
        <ol className="pool">
          {Array.from({ length: 16 }, (_, i) => {
            const p = d.pool[i]
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a place of the pool
              <li key={i} className={p ? '' : 'free'}>
                {p ? (
                  <>
                    <span className="mono">{showBytes(p.key, 18)}</span>
                    <span className="sub">{p.rank === null ? 'gone' : `true rank ${p.rank}`}</span>
                  </>
                ) : (
                  ''
                )}
              </li>
            )
          })}
        </ol>
      </Pane>
      <Pane
        label="Victims"
        title="Victims"
        summary={
          ranked.length === 0
            ? ''
            : `On average the victim was better than ${(100 * quality).toFixed(1)} % of the candidates; true ${d.lfu ? 'LFU' : 'LRU'} would score 100 %.`
        }
      >
        <DataTable
          label="Victims"
          head={['Time', 'Key', 'Score', 'True rank', 'Bytes']}
          right={[2, 3, 4]}
          rows={[...d.victims]
            .reverse()
            .map((v) => [
              when(v.at),
              showBytes(v.key, 24),
              Number(v.score.toFixed(1)),
              v.rank === null ? '' : `${v.rank} of ${v.of}`,
              count(v.size),
            ])}
          empty="None."
        />
      </Pane>
    </div>
  )
}

function Bars({ d, sampled, pool }: { d: EvictionData; sampled: ReadonlySet<string>; pool: ReadonlySet<string> }) {
  if (d.bars.length === 0) return null
  const least = Math.min(0, ...d.bars.map((b) => b.score))
  const most = Math.max(1, ...d.bars.map((b) => b.score - least))
  const w = Math.max(3, Math.min(20, 1040 / d.bars.length))
  return (
    <Scroll label="Candidates">
      <svg width={d.bars.length * w + 4} height="108" role="img" aria-label={`${d.bars.length} candidates, best first`}>
        {d.bars.map((b, i) => (
          <g key={b.rank}>
            <rect
              x={i * w + 2}
              y={88 - (80 * (b.score - least)) / most}
              width={w - 1}
              height={Math.max(1, (80 * (b.score - least)) / most)}
              fill={pool.has(b.key) ? 'var(--inv)' : 'var(--line-2)'}
            >
              <title>{`${showBytes(b.key)}: rank ${b.rank}, score ${b.score.toFixed(1)}`}</title>
            </rect>
            {sampled.has(b.key) && (
              <path d={`M${i * w + 2 + w / 2} 92v8m-3-5 3-3 3 3`} stroke="var(--ink)" fill="none" />
            )}
          </g>
        ))}
      </svg>
      <div className="legend">
        <span>
          <i style={{ background: 'var(--inv)' }} />
          in the pool
        </span>
        <span>an arrow marks the last sample</span>
      </div>
    </Scroll>
  )
}
