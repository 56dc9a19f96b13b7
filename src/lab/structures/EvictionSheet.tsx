/** Eviction: which keys go, how they were chosen, and how good the choice was. */
import { useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { useChoice } from './choice.ts'
import { when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import type { RoundData } from './eviction-steps.ts'
import { type LfuData, LfuPane, OrderPane, RoundPane } from './EvictionPanes.tsx'
import { Choose, Knob, Try } from './Knob.tsx'
import { POLICIES } from './ServerSheets.tsx'
import { Asking, DataTable, Figures, Scroll, useSheet } from './sheets.tsx'
import { say } from './speak.ts'

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
  readonly rounds: readonly RoundData[]
  readonly order: string | null
  readonly lfuFields: LfuData | null
}

const unit = (policy: string): string =>
  policy.endsWith('lru')
    ? 'idle seconds'
    : policy.endsWith('lfu')
      ? '255 less the counter'
      : policy === 'volatile-ttl'
        ? 'seconds to live, negated'
        : 'no score'

const why = (d: EvictionData): 'off' | 'noeviction' | 'none' | null =>
  d.maxmemory === 0 ? 'off' : d.policy === 'noeviction' ? 'noeviction' : d.total === 0 ? 'none' : null

export function EvictionSheet({ process }: { process: string }) {
  const { db, key } = useChoice()
  const d = useSheet<EvictionData>(process, 'eviction', [String(db), key])
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const ranked = d.victims.filter((v) => v.rank !== null && v.of !== null && v.of > 1)
  const quality =
    ranked.reduce((n, v) => n + 1 - ((v.rank ?? 1) - 1) / Math.max(1, (v.of ?? 2) - 1), 0) / Math.max(1, ranked.length)
  const last = d.victims[d.victims.length - 1]
  const sampled = new Set(last?.sampled ?? [])
  const pool = new Set(d.pool.map((p) => p.key))
  const words = last
    ? `Sampled ${last.sampled.map((k) => showBytes(k, 16)).join(', ')}; pool ${d.pool
        .slice(-4)
        .map((p) => showBytes(p.key, 16))
        .join(
          ', ',
        )}; evicted ${showBytes(last.key, 30)}${last.rank === null ? '' : ` (true rank ${last.rank} of ${last.of})`} at ${when(last.at)}.`
    : why(d) === null
      ? 'Under the limit: nothing was evicted yet.'
      : ''
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
        <WhyNot process={process} d={d} />
        <Bars d={d} sampled={sampled} pool={pool} />
        <div className="knobs">
          <Knob process={process} name="maxmemory-samples" value={d.samples} min={1} max={16} />
          <Choose process={process} name="maxmemory-policy" value={d.policy} options={POLICIES} />
          <Workload process={process} d={d} />
        </div>
        {d.total === null && <p className="cap">More than 5,000 candidates: they are not ranked here.</p>}
      </Pane>
      <RoundPane rounds={d.rounds} victims={d.victims} unit={unit(d.policy)} />
      <OrderPane order={d.order} />
      {d.lfuFields && <LfuPane process={process} f={d.lfuFields} name={key} />}
      <Pane
        label="Victims"
        title="Victims"
        className="wide"
        right={ranked.length > 0 && <Accuracy quality={quality} />}
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

/** Why nothing goes, and the way out. */
function WhyNot({ process, d }: { process: string; d: EvictionData }) {
  const reason = why(d)
  if (reason === null) return null
  const [title, text, lines, label] =
    reason === 'off'
      ? (['maxmemory 0', 'No limit: nothing is ever evicted.', [], ''] as const)
      : reason === 'noeviction'
        ? ([
            'OOM',
            "noeviction: over the limit a write is answered with (error) OOM command not allowed when used memory > 'maxmemory', and no key goes. Reads and DEL go on.",
            ['CONFIG SET maxmemory-policy allkeys-lru'],
            'Let allkeys-lru choose',
          ] as const)
        : ([
            'No candidate',
            d.policy.startsWith('volatile')
              ? `${d.policy} takes only keys with a time to live, and there are none: over the limit a write is answered with OOM.`
              : 'No key is left, and memory is still over the limit: a write is answered with OOM.',
            ['SET session:1 x EX 600', 'SET session:2 x EX 300'],
            'Make two that may go',
          ] as const)
  return (
    <div className={`whynot ${reason === 'off' ? '' : 'bad'}`}>
      <b>{title}</b>
      <span>{text}</span>
      {label !== '' && (
        <Try process={process} lines={lines}>
          {label}
        </Try>
      )}
    </div>
  )
}

/** Keys in an order, some of them read again, a limit, and then more keys: the same commands whatever the policy. */
const block = (from: number, to: number, ttl = '') =>
  `EVAL "for i=${from},${to} do redis.call('SET','page:'..i,string.rep('x',400)${ttl}) end" 0`
/** What replicas and clients may come to need meanwhile. */
const ROOM = 32768
const REREAD = "EVAL \"for i=1,400,8 do for n=1,20 do redis.call('GET','page:'..i) end end\" 0"
function Workload({ process, d }: { process: string; d: EvictionData }) {
  const latest = useRef(d)
  latest.current = d
  const [doing, setDoing] = useState('')
  const run = async () => {
    const wait = 'BLPOP nothing 1'
    const ttl = d.policy.startsWith('volatile') ? ",'EX',600+i" : ''
    const head = [
      'CONFIG SET maxmemory 0',
      'CONFIG SET repl-backlog-size 16384',
      ...(d.policy === 'noeviction' ? ['CONFIG SET maxmemory-policy allkeys-lru'] : []),
      'FLUSHALL',
    ]
    const fill = Array.from({ length: 5 }, (_, i) => [block(1 + i * 80, 80 + i * 80, ttl), wait]).flat()
    const more = Array.from({ length: 4 }, (_, i) => [block(401 + i * 50, 450 + i * 50, ttl), wait]).flat()
    const all = [...head, ...fill, REREAD, wait]
    for (const [i, line] of all.entries()) {
      setDoing(`${i + 1} of ${all.length + more.length + 1}`)
      await say(process, 0, line, 12_000)
    }
    await new Promise((done) => setTimeout(done, 300))
    await say(process, 0, `CONFIG SET maxmemory ${latest.current.used + ROOM}`)
    for (const [i, line] of more.entries()) {
      setDoing(`${all.length + i + 2} of ${all.length + more.length + 1}`)
      await say(process, 0, line, 12_000)
    }
    setDoing('')
  }
  return (
    <button
      type="button"
      className="btn small try"
      disabled={doing !== ''}
      title={`FLUSHALL\n${block(1, 80)}\n…\n${REREAD}\nCONFIG SET maxmemory (what is used)\n${block(401, 450)}\n…`}
      onClick={() => void run()}
    >
      {doing !== ''
        ? `Typing ${doing}`
        : d.victims.length > 0
          ? 'FLUSHALL and the same load again'
          : 'FLUSHALL and fill it beyond a limit'}
    </button>
  )
}

function Accuracy({ quality }: { quality: number }) {
  return (
    <span className="accuracy">
      <span className="cap">percentile of the true rank</span>
      <span className="track" role="img" aria-label={`${(100 * quality).toFixed(1)} percent`}>
        <i style={{ width: `${100 * quality}%` }} />
      </span>
      <span className="mono">{(100 * quality).toFixed(1)} %</span>
    </span>
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
            {i === 0 && b.score > 0 && (
              <rect
                x={i * w + 0.5}
                y="4"
                width={w + 2}
                height="86"
                fill="none"
                stroke="var(--ink)"
                strokeDasharray="3 2"
                strokeWidth="1.5"
              />
            )}
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
        <span>
          <svg width="12" height="12" aria-hidden="true">
            <rect
              x="1"
              y="1"
              width="10"
              height="10"
              fill="none"
              stroke="var(--ink)"
              strokeDasharray="3 2"
              strokeWidth="1.5"
            />
          </svg>
          the best of all: what an exact order would take next
        </span>
      </div>
    </Scroll>
  )
}
