/** One eviction step by step, all of them against true LRU, and the counter that LFU goes by. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'

import { againstTrueLru, lfuChance, type PoolStep, type RoundData, stepsOf } from './eviction-steps.ts'
import { Knob } from './Knob.tsx'
import { Pane } from './Pane.tsx'
import { Figures } from './sheets.tsx'

const DID: Readonly<Record<PoolStep['did'], string>> = {
  insert: 'put in',
  shift: 'put in, the worst falls out',
  drop: 'worse than all in a full pool',
  victim: 'leaves: evicted',
}
const scoreText = (n: number): string => (n > 1e12 ? 'soon' : String(Number(n.toFixed(1))))

export function RoundPane(props: {
  rounds: readonly RoundData[]
  victims: readonly { at: number; key: string; rank: number | null; of: number | null }[]
  unit: string
}) {
  const { rounds } = props
  const [chosen, setChosen] = useState<number | null>(null)
  const [step, setStep] = useState<number | null>(null)
  const round = rounds.find((r) => r.seq === chosen) ?? rounds.at(-1)
  const steps = round ? stepsOf(round) : []
  const at = Math.min(step ?? steps.length - 1, steps.length - 1)
  const now = steps[at]
  const truth = props.victims.find((v) => round && v.at === round.at && v.key === round.victim)
  const go = (by: number) => {
    if (!round) return
    const to = at + by
    if (to >= 0 && to < steps.length) {
      setChosen(round.seq)
      setStep(to)
      return
    }
    const i = rounds.indexOf(round) + (by < 0 ? -1 : 1)
    const other = rounds[i]
    if (!other) return
    setChosen(other.seq)
    setStep(by < 0 ? stepsOf(other).length - 1 : 0)
  }
  return (
    <Pane
      label="Sample by sample"
      title="Sample by sample"
      sub={round ? `eviction ${round.seq}, ${props.unit}` : ''}
      className="wide"
      testid="rounds"
      right={
        round && (
          <span className="stepper">
            <button
              type="button"
              className="btn small"
              aria-label="One sample back"
              disabled={at <= 0 && round === rounds[0]}
              onClick={() => go(-1)}
            >
              ‹
            </button>
            <span className="mono">
              {at + 1} of {steps.length}
            </span>
            <button
              type="button"
              className="btn small"
              aria-label="One sample on"
              disabled={at >= steps.length - 1 && round === rounds.at(-1)}
              onClick={() => go(1)}
            >
              ›
            </button>
            <button
              type="button"
              className="btn small"
              onClick={() => {
                setChosen(null)
                setStep(null)
              }}
            >
              Latest
            </button>
          </span>
        )
      }
      summary={
        round && now
          ? `${now.did === 'victim' ? 'Victim' : `Sample ${at + 1}`} ${showBytes(now.key, 24)}, score ${scoreText(now.score)}: ${DID[now.did]}${now.out === null ? '' : ` (${showBytes(now.out, 20)})`}.${
              now.did === 'victim' && truth?.rank != null ? ` True rank ${truth.rank} of ${truth.of}.` : ''
            }`
          : ''
      }
      table={
        round
          ? {
              head: ['Step', 'Key', 'Score', 'What', 'Place', 'Pool, best last'],
              rows: steps.map((s, i) => [
                i + 1,
                showBytes(s.key, 30),
                scoreText(s.score),
                DID[s.did],
                s.slot < 0 ? '' : s.slot + 1,
                s.pool.map((p) => showBytes(p.key, 14)).join(' '),
              ]),
            }
          : null
      }
    >
      {!round || !now ? (
        <p className="cap">Nothing was evicted yet.</p>
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys of a stepper, besides its buttons
        <div
          className="rounds"
          onKeyDown={(e) => {
            const by = { '[': -1, ']': 1 }[e.key]
            if (by === undefined) return
            e.preventDefault()
            go(by)
          }}
        >
          <ol className="samples" aria-label="Samples">
            {steps.map((s, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a sample is its place
              <li key={i}>
                <button
                  type="button"
                  className={`${s.did} ${i === at ? 'on' : ''} ${i > at ? 'later' : ''}`}
                  aria-pressed={i === at}
                  onClick={() => {
                    setChosen(round.seq)
                    setStep(i)
                  }}
                >
                  <span className="mono">{showBytes(s.key, 14)}</span>
                  <small>
                    {s.did === 'victim'
                      ? '→ evicted'
                      : s.did === 'drop'
                        ? '✕ dropped'
                        : s.did === 'shift'
                          ? '⇤ in'
                          : '+ in'}
                    , {scoreText(s.score)}
                  </small>
                </button>
              </li>
            ))}
          </ol>
          <ol className="slots16" aria-label="Eviction pool, worst first">
            {Array.from({ length: 16 }, (_, i) => {
              const p = now.pool[i]
              const mark = now.did !== 'victim' && now.slot === i
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a place of the pool
                <li key={i} className={`${p ? '' : 'free'} ${mark ? 'mark' : ''}`}>
                  <small>{i + 1}</small>
                  {p ? (
                    <>
                      <span className="mono">{showBytes(p.key, 11)}</span>
                      <small>{scoreText(p.score)}</small>
                    </>
                  ) : now.did === 'victim' && now.slot === i ? (
                    <span className="mono leaves">{showBytes(now.key, 11)} ↗</span>
                  ) : (
                    ''
                  )}
                </li>
              )
            })}
          </ol>
          <p className="cap">The pool ascends to the right; the best candidate leaves from its right end.</p>
        </div>
      )}
    </Pane>
  )
}

const KINDS = [
  ['k', 'kept', 'var(--line-3)'],
  ['e', 'evicted', 'var(--suspect)'],
  ['n', 'added since', 'var(--ok)'],
  ['x', 'added since and evicted', 'var(--down)'],
] as const
const ROWS = 16
export function OrderPane({ order }: { order: string | null }) {
  const [ghost, setGhost] = useState(true)
  const letters = order ?? ''
  const { evicted, right, fresh } = againstTrueLru(letters)
  const columns = Math.ceil(letters.length / ROWS)
  const CELL = Math.max(6, Math.min(12, Math.floor(1060 / Math.max(1, columns))))
  const path = (kind: string): string => {
    let d = ''
    for (let i = 0; i < letters.length; i++)
      if (letters[i] === kind)
        d += `M${Math.floor(i / ROWS) * CELL} ${(i % ROWS) * CELL}h${CELL - 1}v${CELL - 1}h${1 - CELL}z`
    return d
  }
  const [full, rest] = [Math.floor(evicted / ROWS), evicted % ROWS]
  return (
    <Pane
      label="Against true LRU"
      title="Against true LRU"
      sub="all keys in the order of their last touch, the longest ago at the left"
      className="wide"
      testid="true-lru"
      right={
        <label className="cap">
          <input type="checkbox" checked={ghost} onChange={(e) => setGhost(e.target.checked)} /> ghost of true LRU
        </label>
      }
      summary={
        order === null
          ? 'More than 4,000 keys: their order is not kept.'
          : evicted === 0
            ? `${count(letters.length)} keys, none evicted yet.`
            : `Of ${count(evicted)} evicted keys true LRU would have taken ${count(right)} as well (${((100 * right) / evicted).toFixed(1)} %); ${count(evicted - right)} older ones were spared${fresh > 0 ? `, ${count(fresh)} went that had come after the first eviction` : ''}.`
      }
      table={
        evicted > 0
          ? {
              head: ['Of the keys', 'Number'],
              rows: KINDS.map(([kind, name]) => [name, [...letters].filter((c) => c === kind).length]),
            }
          : null
      }
    >
      {letters.length === 0 ? (
        <p className="cap">No key has been touched yet.</p>
      ) : (
        <div className="sv">
          <svg
            width={columns * CELL + 4}
            height={ROWS * CELL + 4}
            role="img"
            aria-label={`${letters.length} keys, ${evicted} evicted`}
          >
            <g transform="translate(2 2)">
              {KINDS.map(([kind, , fill]) => (
                <path key={kind} d={path(kind)} fill={kind === 'e' || kind === 'x' ? 'none' : fill} stroke={fill} />
              ))}
              {ghost && evicted > 0 && (
                <path
                  d={`M-1 -1H${(full + (rest > 0 ? 1 : 0)) * CELL - 1}${rest > 0 ? `V${rest * CELL - 1}H${full * CELL - 1}` : ''}V${ROWS * CELL - 1}H-1Z`}
                  fill="none"
                  stroke="var(--ink)"
                  strokeWidth="2"
                />
              )}
            </g>
          </svg>
        </div>
      )}
      <div className="legend">
        {KINDS.map(([kind, name, fill]) => (
          <span key={kind}>
            <svg width="10" height="10" aria-hidden="true">
              <rect
                x="1.5"
                y="1.5"
                width="7"
                height="7"
                fill={kind === 'e' || kind === 'x' ? 'none' : fill}
                stroke={fill}
                strokeWidth="1.5"
              />
            </svg>
            {name}
          </span>
        ))}
        <span>
          <svg width="12" height="12" aria-hidden="true">
            <rect x="1" y="1" width="10" height="10" fill="none" stroke="var(--ink)" strokeWidth="2" />
          </svg>
          what true LRU would have evicted
        </span>
      </div>
    </Pane>
  )
}

export interface LfuData {
  readonly counters: readonly number[]
  readonly logFactor: number
  readonly decayTime: number
  readonly minute: number
  readonly chosen: { readonly stored: number; readonly counter: number; readonly minute: number } | null
}
const [W, H, LEFT] = [560, 120, 36]
export function LfuPane({ process, f, name }: { process: string; f: LfuData; name: string }) {
  const x = (counter: number) => LEFT + (Math.log2(counter + 1) / 8) * (W - LEFT - 8)
  const most = Math.max(1, ...f.counters)
  const y = (n: number) => H - 20 - (n / most) * (H - 34)
  const curve = Array.from({ length: 64 }, (_, i) => {
    const c = 2 ** ((i / 63) * 8) - 1
    return `${x(c).toFixed(1)} ${(H - 20 - lfuChance(Math.min(254, c), f.logFactor) * (H - 34)).toFixed(1)}`
  })
  const c = f.chosen
  const chance = c ? lfuChance(c.counter, f.logFactor) : 0
  return (
    <Pane
      label="LFU counters"
      title="The LFU counter"
      sub="8 bits on a logarithmic axis; a new key begins at 5"
      className="wide"
      testid="lfu"
      summary={
        c
          ? `${showBytes(name, 24)}: counter ${c.stored}, ${c.counter === c.stored ? 'no decay due' : `${c.counter} after decay`}; the next access raises it with a chance of 1 in ${Math.round(1 / Math.max(chance, 1e-9)).toLocaleString('en')}; last decremented at minute ${c.minute}, now ${f.minute}.`
          : 'Choose a key at the left to see its counter.'
      }
      table={{
        head: ['Counter', 'Keys', 'Chance to grow'],
        rows: f.counters.flatMap((n, i) => (n > 0 ? [[i, n, lfuChance(i, f.logFactor).toPrecision(3)]] : [])),
      }}
    >
      <div className="lfu">
        <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label="Keys by their counter, and the chance that it grows">
          <path d={`M${LEFT} 8V${H - 20}H${W - 4}`} fill="none" stroke="var(--line-2)" />
          {f.counters.map((n, i) =>
            n > 0 ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a counter is its place
              <rect key={i} x={x(i) - 2} y={y(n)} width="4" height={H - 20 - y(n)} fill="var(--line-3)">
                <title>{`counter ${i}: ${n} keys`}</title>
              </rect>
            ) : null,
          )}
          <path d={`M${curve.join('L')}`} fill="none" stroke="var(--ink)" strokeDasharray="4 3" />
          {c && (
            <path d={`M${x(c.counter)} 6V${H - 20}m-4 -${H - 26}h8`} fill="none" stroke="var(--ink)" strokeWidth="2" />
          )}
          {[0, 1, 5, 15, 63, 255].map((n) => (
            <text key={n} className="m ink3t" x={x(n)} y={H - 6} fontSize="11" textAnchor="middle">
              {n}
            </text>
          ))}
          <text className="m ink3t" x={LEFT - 4} y="14" fontSize="11" textAnchor="end">
            {most}
          </text>
        </svg>
        <Decay f={f} />
      </div>
      <div className="legend">
        <span>
          <i style={{ background: 'var(--line-3)' }} />
          keys with this counter
        </span>
        <span>dashed: the dice, chance that one more access raises it, 1 at the top</span>
        {c && <span>bar with a cap: {showBytes(name, 20)}</span>}
      </div>
      <div className="knobs">
        <Knob process={process} name="lfu-log-factor" value={f.logFactor} min={0} max={100} />
        <Knob
          process={process}
          name="lfu-decay-time"
          value={f.decayTime}
          min={0}
          max={60}
          say={(v) => (v === 0 ? '0, no decay' : `${v} min`)}
        />
      </div>
    </Pane>
  )
}
/** Minutes since the last decrement, as a clock whose round is lfu-decay-time. */
function Decay({ f }: { f: LfuData }) {
  const c = f.chosen
  const since = c ? (f.minute - c.minute + 65536) % 65536 : 0
  const share = f.decayTime === 0 ? 0 : (since % f.decayTime) / f.decayTime
  const around = 2 * Math.PI * 34
  return (
    <div className="decay">
      <svg width="84" height="84" role="img" aria-label={`${since} minutes since the counter was decremented`}>
        <circle cx="42" cy="42" r="34" fill="none" stroke="var(--line-2)" strokeWidth="6" />
        <circle
          cx="42"
          cy="42"
          r="34"
          fill="none"
          stroke="var(--ink)"
          strokeWidth="6"
          strokeDasharray={`${share * around} ${around}`}
          transform="rotate(-90 42 42)"
        />
        <text className="m" x="42" y="46" fontSize="12" textAnchor="middle">
          {since} min
        </text>
      </svg>
      <Figures
        list={[
          ['decay', f.decayTime === 0 ? 'off' : `1 each ${f.decayTime} min`],
          ['minute', f.minute],
        ]}
      />
    </div>
  )
}
