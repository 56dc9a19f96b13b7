/** A sandbox beside the server: what deletes expired keys, what it costs, what it leaves, and why the threshold is 10 %. */
import { useEffect, useMemo, useState } from 'react'
import { Dict } from '../../engine/structures/dict.ts'
import { count } from '../format.ts'
import { plural } from './data.ts'
import {
  deaths,
  type Loop,
  loopOnce,
  loopText,
  type Outcome,
  REDIS,
  SPREADS,
  type Spread,
  STRATEGIES,
  type Strategy,
  simulate,
  tradeOff,
  type Workload,
} from './expiry-model.ts'
import { Pane } from './Pane.tsx'
import { DataTable, Figures } from './sheets.tsx'

const NAMES: Readonly<Record<Strategy, string>> = {
  timer: 'A timer for each key',
  lazy: 'Lazy: when it is read',
  active: 'Active: sampled by the clock',
  both: 'Lazy and active: Redis',
}
const TOLD: Readonly<Record<Strategy, string>> = {
  timer: 'One wakeup for each key. Nothing is ever stale, and keys that die together stop the server together.',
  lazy: 'No wakeup at all. A key that nobody reads again stays in memory for good.',
  active: 'Wakes with the clock, however many keys there are. Until a dead key is sampled, a read would return it.',
  both: 'No read returns a dead value, and what nobody reads is found by sampling.',
}
const SPREAD_TEXT: Readonly<Record<Spread, string>> = {
  same: 'all at one time',
  jitter: 'spread over 30 s',
  mixed: 'half soon, half late',
}
const us = (n: number): string => (n >= 10_000 ? `${(n / 1000).toFixed(1)} ms` : `${count(Math.round(n))} µs`)
const percent = (n: number): string => `${(100 * n).toFixed(n < 0.0995 ? 1 : 0)} %`

/** A value that has stopped changing: a slider that is being moved does not compute at every step. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const later = setTimeout(() => setSettled(value), 60)
    return () => clearTimeout(later)
  }, [value])
  return settled
}

export function ExpiryStrategies() {
  const [w, setW] = useState<Workload>(REDIS)
  const set = (some: Partial<Workload>) => setW({ ...w, ...some })
  const late = useSettled(w)
  const all = useMemo(() => STRATEGIES.map((s) => simulate(s, late)), [late])
  const [chosen, setChosen] = useState<Strategy>('both')
  const one = all.find((o) => o.strategy === chosen) as Outcome
  return (
    <>
      <Pane
        label="Strategies"
        title="Three strategies, and Redis's two together"
        sub={<span className="sandbox">Sandbox</span>}
        className="wide"
        testid="strategies"
        summary={`${NAMES[chosen]}. ${TOLD[chosen]} ${plural(one.wakeups, 'wakeup')} for ${plural(w.keys, 'key')}, ${us(one.micros)} of CPU, ${count(one.left)} dead keys left after ${w.seconds} s.`}
        table={{
          head: ['Strategy', 'Wakeups', 'CPU', 'Longest stall', 'Dead key-seconds', 'Left at the end', 'Stale reads'],
          rows: all.map((o) => [
            NAMES[o.strategy],
            o.wakeups,
            us(o.micros),
            us(o.worst),
            Math.round(o.staleKeySeconds),
            o.left,
            o.staleReads,
          ]),
        }}
      >
        <p className="cap">
          A model in this page on the engine's own dict; nothing is sent to the server. The same keys, the same reads,
          four ways to delete.
        </p>
        <div className="knobs">
          <Range name="keys" value={w.keys} min={100} max={10_000} step={100} on={(keys) => set({ keys })} />
          <label className="knob">
            they die
            <select
              className="field"
              value={w.spread}
              onChange={(e) => set({ spread: e.target.value as Spread })}
              aria-label="When the keys die"
            >
              {SPREADS.map((s) => (
                <option key={s} value={s}>
                  {SPREAD_TEXT[s]}
                </option>
              ))}
            </select>
          </label>
          <Range
            name="reads a second"
            value={w.readsPerSecond}
            min={0}
            max={500}
            step={10}
            on={(readsPerSecond) => set({ readsPerSecond })}
          />
          <Range name="hz" value={w.hz} min={1} max={100} on={(hz) => set({ hz })} />
        </div>
        <div className="strategies" role="group" aria-label="Strategy">
          {all.map((o) => (
            <button
              key={o.strategy}
              type="button"
              aria-pressed={o.strategy === chosen}
              className={o.strategy === chosen ? 'on' : ''}
              onClick={() => setChosen(o.strategy)}
            >
              <b>{NAMES[o.strategy]}</b>
              <Course o={o} keys={late.keys} seconds={late.seconds} />
              <span className="three">
                <span>
                  <span className="mono">{count(o.wakeups)}</span> wakeups
                </span>
                <span>
                  <span className="mono">{count(Math.round(o.staleKeySeconds))}</span> dead key·s
                </span>
                <span>
                  <span className="mono">{us(o.worst)}</span> longest stall
                </span>
                <span>
                  <span className="mono">{count(o.staleReads)}</span> stale reads
                </span>
              </span>
            </button>
          ))}
        </div>
        <div className="legend">
          <span>
            <i className="e1" />
            alive
          </span>
          <span>
            <i className="stalefill" />
            expired, still in memory
          </span>
        </div>
      </Pane>
      <Threshold w={late} value={w.threshold} on={(threshold) => set({ threshold })} />
      <Stepper w={late} />
    </>
  )
}

export function Range(props: {
  name: string
  value: number
  min: number
  max: number
  step?: number
  on: (n: number) => void
  text?: string
}) {
  return (
    <label className="knob">
      {props.name}
      <input
        type="range"
        min={props.min}
        max={props.max}
        step={props.step ?? 1}
        value={props.value}
        aria-valuetext={props.text ?? String(props.value)}
        onChange={(e) => props.on(Number(e.target.value))}
      />
      <output className="mono">{props.text ?? count(props.value)}</output>
    </label>
  )
}

const [W, H] = [220, 84]
function Course({ o, keys, seconds }: { o: Outcome; keys: number; seconds: number }) {
  const x = (at: number) => (at / (seconds * 1000)) * W
  const y = (n: number) => H - (n / keys) * (H - 4)
  const back = [...o.series].reverse()
  const alive = o.series.map((s) => `${x(s.at).toFixed(1)} ${y(s.alive).toFixed(1)}`)
  const top = back.map((s) => `${x(s.at).toFixed(1)} ${y(s.alive + s.stale).toFixed(1)}`)
  const id = `stale-${o.strategy}`
  return (
    <svg viewBox={`0 0 ${W} ${H + 16}`} aria-hidden="true">
      <defs>
        <pattern id={id} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v4" stroke="var(--down)" strokeWidth="2.4" />
        </pattern>
      </defs>
      <path d={`M0 ${H}L${alive.join('L')}L${W} ${H}Z`} fill="var(--replica-t)" stroke="var(--replica)" />
      <path d={`M${alive.join('L')}L${top.join('L')}Z`} fill={`url(#${id})`} />
      <path d={`M0 ${H}H${W}`} stroke="var(--line-3)" />
      <text className="m ink3t" x="0" y={H + 13} fontSize="11">
        0 s
      </text>
      <text className="m ink3t" x={W} y={H + 13} fontSize="11" textAnchor="end">
        {seconds} s
      </text>
    </svg>
  )
}

const POINTS = [1, 2, 4, 7, 10, 15, 20, 25, 30, 40, 50, 60]
function Threshold({ w, value, on }: { w: Workload; value: number; on: (n: number) => void }) {
  const crowd = useMemo(() => ({ ...w, keys: Math.max(1000, Math.min(4000, w.keys)), spread: 'jitter' as const }), [w])
  // The threshold that is being moved is not what the curve is made of.
  const { keys, hz, readsPerSecond } = crowd
  const curve = useMemo(
    () => tradeOff({ ...REDIS, keys, hz, readsPerSecond, spread: 'jitter' }, POINTS),
    [keys, hz, readsPerSecond],
  )
  const mine = useMemo(
    () => tradeOff({ ...REDIS, keys, hz, readsPerSecond, spread: 'jitter' }, [value])[0],
    [keys, hz, readsPerSecond, value],
  )
  const redis = curve.find((p) => p.threshold === 10)
  const [w0, h0, left] = [460, 190, 46]
  const mostX = Math.max(...curve.map((p) => p.micros)) * 1.05
  const leastX = Math.min(...curve.map((p) => p.micros)) * 0.95
  const mostY = Math.max(0.02, ...curve.map((p) => p.meanStale)) * 1.1
  const x = (n: number) => left + ((n - leastX) / Math.max(1, mostX - leastX)) * (w0 - left - 14)
  const y = (n: number) => h0 - 34 - (n / mostY) * (h0 - 50)
  const pick = (e: React.PointerEvent<SVGSVGElement>) => {
    const box = e.currentTarget.getBoundingClientRect()
    const px = ((e.clientX - box.left) / box.width) * w0
    const near = curve.reduce((a, b) => (Math.abs(x(b.micros) - px) < Math.abs(x(a.micros) - px) ? b : a))
    on(near.threshold)
  }
  return (
    <Pane
      label="Threshold"
      title="Why 10 % and not 25 %"
      sub={<span className="sandbox">Sandbox</span>}
      testid="threshold"
      summary={
        mine && redis
          ? `At ${value} % the cycle costs ${us(mine.micros)} and ${percent(mine.meanStale)} of what is in memory is dead on average${value === 10 ? ', as Redis has it' : `; at Redis's 10 % it is ${us(redis.micros)} and ${percent(redis.meanStale)}`}.`
          : ''
      }
      table={{
        head: ['Repeat above', 'CPU of the cycle', 'Mean share of dead keys'],
        rows: curve.map((p) => [`${p.threshold} %`, us(p.micros), percent(p.meanStale)]),
        note: `${count(keys)} keys, hz ${hz}, the active cycle alone.`,
      }}
    >
      <svg
        className="tradeoff"
        viewBox={`0 0 ${w0} ${h0}`}
        role="img"
        aria-label="CPU of the cycle against the share of dead keys, for thresholds from 1 to 60 per cent"
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId)
          pick(e)
        }}
        onPointerMove={(e) => e.buttons > 0 && pick(e)}
      >
        <path d={`M${left} 8V${h0 - 34}H${w0 - 6}`} fill="none" stroke="var(--line-2)" />
        <path
          d={`M${curve.map((p) => `${x(p.micros).toFixed(1)} ${y(p.meanStale).toFixed(1)}`).join('L')}`}
          fill="none"
          stroke="var(--ink-3)"
          strokeWidth="1.5"
        />
        {curve.map((p) => (
          <g key={p.threshold}>
            <circle
              cx={x(p.micros)}
              cy={y(p.meanStale)}
              r={p.threshold === 10 ? 5 : 3}
              fill={p.threshold === 10 ? 'var(--ink)' : 'var(--bg-panel)'}
              stroke="var(--ink-2)"
            />
            {(p.threshold === 10 || p.threshold === 25 || p.threshold === 60 || p.threshold === 1) && (
              <text
                x={x(p.micros) + 8}
                y={y(p.meanStale) - 6}
                fontSize="12"
                fontWeight={p.threshold === 10 ? 600 : 400}
              >
                {p.threshold} %{p.threshold === 10 ? ', Redis' : p.threshold === 25 ? ', before 6.0' : ''}
              </text>
            )}
          </g>
        ))}
        {mine && (
          <circle cx={x(mine.micros)} cy={y(mine.meanStale)} r="8" fill="none" stroke="var(--ink)" strokeWidth="2.5" />
        )}
        {[0, mostY / 1.1].map((n) => (
          <text key={n} className="m ink3t" x={left - 6} y={y(n) + 4} fontSize="11" textAnchor="end">
            {percent(n)}
          </text>
        ))}
        <text x={w0 - 8} y="16" fontSize="12" textAnchor="end" className="ink2t">
          upwards: share of dead keys in memory
        </text>
        <text x={w0 - 8} y={h0 - 16} fontSize="12" textAnchor="end" className="ink2t">
          CPU of the cycle, {us(leastX)} to {us(mostX)}
        </text>
      </svg>
      <div className="knobs">
        <Range name="repeat above" value={value} min={1} max={60} on={on} text={`${value} %`} />
        <button type="button" className="btn small" disabled={value === 10} onClick={() => on(10)}>
          10 % as Redis
        </button>
      </div>
    </Pane>
  )
}

interface Sampler {
  readonly d: Dict<number>
  cursor: number
  now: number
  readonly log: Loop[]
  buckets: readonly number[]
}
function sampler(w: Workload): Sampler {
  const d = new Dict<number>(w.seed)
  deaths({ ...w, keys: 96, spread: 'jitter' }).forEach((at, i) => {
    d.set(`key:${i}`, at)
  })
  while (d.isRehashing) d.rehashStep(64)
  return { d, cursor: 0, now: 15_000, log: [], buckets: [] }
}

/** The cycle taken apart: one loop, or all loops of a tick. */
function Stepper({ w }: { w: Workload }) {
  const [s] = useState(() => ({ held: sampler(w) }))
  const [, redraw] = useState(0)
  const { held } = s
  const one = (): Loop => {
    const { cursor, loop, buckets } = loopOnce(held.d, held.cursor, held.now, w.perLoop, w.threshold)
    held.cursor = cursor
    held.buckets = [...held.buckets, ...buckets]
    held.log.push(loop)
    return loop
  }
  const act = (fn: () => void) => () => {
    held.buckets = []
    fn()
    redraw((n) => n + 1)
  }
  const size = held.d.tableSize(0)
  const visited = new Set(held.buckets)
  const cells = Array.from({ length: size }, (_, b) => held.d.bucketKeys(0, b))
  const at = (held.cursor & (size - 1)) >>> 0
  const last = held.log.at(-1)
  const dead = cells.flat().filter((k) => (held.d.peek(k) ?? 0) < held.now).length
  return (
    <Pane
      label="One loop"
      title="One loop at a time"
      sub={<span className="sandbox">Sandbox</span>}
      testid="loop-sandbox"
      summary={
        last
          ? `${loopText(held.log.length, last)}. ${plural(held.d.size, 'key')} left, ${dead} of them dead; the cursor is at bucket ${at} of ${size}.`
          : `${plural(held.d.size, 'key')} in ${size} buckets, ${dead} of them dead at ${held.now / 1000} s.`
      }
      table={{
        head: ['Loop', 'At', 'Sampled', 'Expired', 'Then'],
        rows: held.log.map((l, i) => [i + 1, `${l.at / 1000} s`, l.sampled, l.expired, l.repeat ? 'repeat' : 'stop']),
      }}
    >
      <div className="sampler" role="img" aria-label={`Buckets: ${held.d.size} keys, ${dead} dead`}>
        {cells.map((keys, b) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is its place
          <span key={b} className={`${visited.has(b) ? 'seen' : ''} ${at === b ? 'at' : ''}`}>
            {keys.slice(0, 4).map((k) => {
              const ttl = (held.d.peek(k) ?? 0) - held.now
              return <i key={k} className={ttl < 0 ? 'dead' : ttl < 1000 ? 'soon' : 'alive'} />
            })}
          </span>
        ))}
      </div>
      <div className="pager">
        <button type="button" className="btn small" onClick={act(one)}>
          One loop
        </button>
        <button
          type="button"
          className="btn small"
          onClick={act(() => {
            held.now += 1000 / w.hz
            for (let n = 0; n < 100 && one().repeat; n++);
          })}
        >
          One tick
        </button>
        <button
          type="button"
          className="btn small"
          onClick={act(() => {
            held.now += 2000
          })}
        >
          2 s later
        </button>
        <button
          type="button"
          className="btn small"
          onClick={() => {
            s.held = sampler(w)
            redraw((n) => n + 1)
          }}
        >
          Begin again
        </button>
      </div>
      <Figures
        list={[
          ['time', `${(held.now / 1000).toFixed(1)} s`],
          ['keys', held.d.size],
          ['dead', dead],
          ['repeat above', `${w.threshold} %`],
        ]}
      />
      {held.log.length > 0 && (
        <DataTable
          label="Log of loops"
          head={['Log of loops']}
          rows={held.log
            .map((l, i) => [loopText(i + 1, l)])
            .slice(-6)
            .reverse()}
        />
      )}
    </Pane>
  )
}
