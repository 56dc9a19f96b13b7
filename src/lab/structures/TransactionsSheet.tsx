/** Transactions: what clients have queued and watch, the last run as it happened, a rival to put in between, three ways compared. */
import { useEffect, useRef, useState } from 'react'
import { openTerminal } from '../actions.ts'
import { showBytes, textToBytes } from '../bytes.ts'
import { duration } from '../format.ts'
import { lab, useLab } from '../store.ts'
import { terminalFor, type } from '../terminal/sessions.ts'
import { typeInto } from './Cli.tsx'
import { commandText, plural, when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, useSheet } from './sheets.tsx'
import { say } from './speak.ts'
import { OUTCOMES, runsOf, type TxRun, type TxStep } from './tx-figure.ts'
import { TxFigure } from './TxFigure.tsx'

interface TransactionsData {
  readonly clients: readonly {
    id: number
    client: string
    name: string
    db: number
    queue: readonly (readonly string[])[] | null
    queued: number
    dirtyExec: boolean
    dirtyCas: boolean
    watched: readonly { db: number; key: string }[]
    blocked: { kind: string; argv: readonly string[] } | null
  }[]
  readonly steps: readonly TxStep[]
  readonly now: number
}

export function TransactionsSheet({ process }: { process: string }) {
  const d = useSheet<TransactionsData>(process, 'transactions')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  return (
    <div className="sheets">
      <RunPane steps={d.steps} />
      <RivalPane process={process} />
      <ClientsPane d={d} />
      <WaysPane process={process} />
      <AcidPane process={process} />
    </div>
  )
}

const MARKS: Readonly<Record<TxRun['outcome'], string>> = {
  open: '…',
  done: '✓',
  nil: 'nil',
  aborted: '✕',
  discarded: '—',
}
function RunPane({ steps }: { steps: readonly TxStep[] }) {
  const runs = runsOf(steps).slice(-8)
  const [chosen, setChosen] = useState<number | null>(null)
  const run = runs.find((r) => r.steps[0]?.seq === chosen) ?? runs.at(-1)
  const seq = run?.steps[0]?.seq
  const [at, setAt] = useState<{ of: number | undefined; row: number | null }>({ of: seq, row: null })
  const row = at.of === seq ? at.row : null
  const most = run?.steps.length ?? 0
  const shown = row ?? most
  const move = (by: number) => setAt({ of: seq, row: Math.max(1, Math.min(most, shown + by)) })
  return (
    <Pane
      label="The run"
      title="The run"
      sub="each row as the main thread took it"
      className="wide"
      testid="tx-run"
      right={
        <>
          {runs.length > 1 &&
            runs.map((r) => (
              <button
                key={r.steps[0]?.seq}
                type="button"
                className={`btn small mono ${r === run ? 'on' : ''}`}
                aria-pressed={r === run}
                aria-label={`Run at ${when(r.steps[0]?.at ?? 0)}: ${OUTCOMES[r.outcome]}`}
                title={`${when(r.steps[0]?.at ?? 0)}, ${r.client}: ${OUTCOMES[r.outcome]}`}
                onClick={() => setChosen(r.steps[0]?.seq ?? null)}
              >
                {MARKS[r.outcome]}
              </button>
            ))}
          {run && (
            <span className="stepper">
              <button
                type="button"
                className="btn small"
                aria-label="One row back"
                disabled={shown <= 1}
                onClick={() => move(-1)}
              >
                ‹
              </button>
              <span className="mono">
                {shown} of {most}
              </span>
              <button
                type="button"
                className="btn small"
                aria-label="One row on"
                disabled={shown >= most}
                onClick={() => move(1)}
              >
                ›
              </button>
            </span>
          )}
        </>
      }
      summary={run ? runWords(run) : ''}
      table={
        run
          ? {
              head: ['Time', 'Client', 'What', 'Command', 'Reply'],
              rows: run.steps.map((s) => [
                when(s.at),
                s.name === '' ? s.client : s.name,
                kindText(s),
                commandText(s.argv, 60),
                showBytes(s.reply, 80),
              ]),
            }
          : null
      }
    >
      {run ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys of a stepper, besides its buttons
        <div
          onKeyDown={(e) => {
            const by = { '[': -1, ']': 1 }[e.key]
            if (by === undefined) return
            e.preventDefault()
            move(by)
          }}
        >
          <TxFigure run={run} shown={shown} />
        </div>
      ) : (
        <p className="cap">
          No MULTI and no WATCH yet. Play the purchase below, or type WATCH, MULTI and EXEC yourself: what happens is
          drawn here as it happens.
        </p>
      )}
    </Pane>
  )
}
const kindText = (s: TxStep): string =>
  s.kind === 'rival'
    ? 'changes a watched key'
    : s.kind === 'ran'
      ? 'run by EXEC'
      : s.kind === 'between'
        ? 'before MULTI'
        : s.kind === 'own'
          ? s.what.toUpperCase()
          : s.kind

function runWords(run: TxRun): string {
  const spoil = run.steps.find((s) => s.spoils.includes(run.id))
  const ran = run.steps.filter((s) => s.kind === 'ran' && s.id === run.id)
  const failed = ran.filter((s) => !s.ok)
  const cause = spoil
    ? ` ${spoil.client} changed ${showBytes(spoil.keys[0] ?? '', 20)} with ${commandText(spoil.argv, 30)} at ${when(spoil.at)}: CLIENT_DIRTY_CAS.`
    : ''
  const result =
    run.outcome === 'done'
      ? ` EXEC ran ${plural(ran.length, 'command')} and nothing else in between${failed.length > 0 ? `; ${plural(failed.length, 'command')} failed, the others stay done` : ''}.`
      : ` ${OUTCOMES[run.outcome][0]?.toUpperCase()}${OUTCOMES[run.outcome].slice(1)}.`
  return `${run.client}:${cause}${result}`
}

/** A purchase in five lines, and where somebody else buys as well. */
const PURCHASE = ['WATCH stock', 'GET stock', 'MULTI', 'DECR stock', 'RPUSH orders 42', 'EXEC']
const RIVAL = 'SET stock 0'
function RivalPane({ process }: { process: string }) {
  const [gap, setGap] = useState(3)
  const [watch, setWatch] = useState(true)
  const [at, setAt] = useState(0)
  const [busy, setBusy] = useState(false)
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
    }
  }, [])
  const lines = watch ? PURCHASE : PURCHASE.slice(1)
  const where = Math.min(gap, lines.length)
  const script: (readonly [number, string])[] = [
    [0, 'SET stock 10'],
    ...lines.slice(0, where).map((l) => [0, l] as const),
    ...(where > 0 ? [[1, RIVAL] as const] : []),
    ...lines.slice(where).map((l) => [0, l] as const),
  ]
  const play = async (from: number, to: number) => {
    setBusy(true)
    for (let i = from; i < to && alive.current; i++) {
      const [who, line] = script[i] as readonly [number, string]
      await say(process, who, line)
      if (alive.current) setAt(i + 1)
    }
    if (alive.current) setBusy(false)
  }
  const restart = () => setAt(0)
  const rival = (i: number) => (
    <li key={`gap${i}`} className={`gap ${where === i ? 'on' : ''}`}>
      <label>
        <input
          type="radio"
          name="gap"
          checked={where === i}
          disabled={busy}
          onChange={() => {
            setGap(i)
            restart()
          }}
        />
        {where === i ? (
          <span className={`mono b ${at > i + 1 ? 'said' : ''}`}>B: {RIVAL}</span>
        ) : (
          <span>B writes here</span>
        )}
      </label>
    </li>
  )
  return (
    <Pane
      label="A rival in between"
      title="A rival in between"
      sub="two redis-cli, A and B; each line is typed"
      testid="tx-rival"
      right={
        <>
          <button
            type="button"
            className="btn small"
            disabled={busy || at >= script.length}
            onClick={() => void play(at, at + 1)}
          >
            Type the next line
          </button>
          <button
            type="button"
            className="btn small"
            disabled={busy}
            onClick={() => void play(at >= script.length ? 0 : at, script.length)}
          >
            Play
          </button>
        </>
      }
      summary={
        where === 0
          ? 'No rival: A buys alone.'
          : watch && where >= 1 && where < lines.length
            ? 'B writes between WATCH and EXEC: EXEC answers nil and nothing of the queue is done.'
            : watch
              ? 'B writes after EXEC: the purchase stands, and B overwrites its result.'
              : 'Without WATCH nothing stops A: the queue runs on what B has written, and the stock goes below zero.'
      }
    >
      <label className="cap">
        <input
          type="checkbox"
          checked={watch}
          disabled={busy}
          onChange={(e) => {
            setWatch(e.target.checked)
            setGap(e.target.checked ? 3 : 2)
            restart()
          }}
        />{' '}
        A watches the key
      </label>
      <ol className="txscript" aria-label="Lines to be typed">
        <li className={`mono ${at > 0 ? 'said' : 'next'}`}>A: SET stock 10</li>
        {lines.flatMap((l, i) => {
          const place = 1 + i + (where > 0 && i >= where ? 1 : 0)
          return [
            <li key={l} className={`mono ${at > place ? 'said' : at === place ? 'next' : ''}`}>
              A: {l}
            </li>,
            rival(i + 1),
          ]
        })}
        <li className={`gap ${where === 0 ? 'on' : ''}`}>
          <label>
            <input
              type="radio"
              name="gap"
              checked={where === 0}
              disabled={busy}
              onChange={() => {
                setGap(0)
                restart()
              }}
            />
            B does not write
          </label>
        </li>
      </ol>
    </Pane>
  )
}

function ClientsPane({ d }: { d: TransactionsData }) {
  return (
    <Pane
      label="Clients in a transaction"
      title="Clients with a queue, a watch or a wait"
      summary={
        d.clients.length === 0
          ? 'No client is in MULTI, watches a key or waits.'
          : d.clients
              .map(
                (c) =>
                  `${c.client}: ${c.queue === null ? '' : `${plural(c.queued, 'command')} queued`}${c.watched.length > 0 ? ` ${plural(c.watched.length, 'key')} watched` : ''}${c.dirtyCas ? ', a watched key changed: EXEC will answer nil' : ''}${c.dirtyExec ? ', EXEC will answer EXECABORT' : ''}${c.blocked ? ` waits in ${commandText(c.blocked.argv, 30)}` : ''}`,
              )
              .join('. ')
      }
    >
      <div className="trays">
        {d.clients.map((c) => (
          <div key={c.id} className={`tray ${c.dirtyCas || c.dirtyExec ? 'bad' : ''}`}>
            <div className="trayhead">
              <span className="mono">{c.client}</span>
              <span className="sub">
                {c.name === '' ? '' : `${showBytes(c.name, 20)}, `}db{c.db}
              </span>
              <span className="sp" />
              {c.queue !== null && <span className="tag2">MULTI</span>}
              {c.blocked && <span className="tag2">blocked</span>}
            </div>
            {c.watched.map((w) => (
              <span key={`${w.db}|${w.key}`} className="watch mono">
                <svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">
                  <path d="M1 5c3-5 9-5 12 0-3 5-9 5-12 0z" fill="none" stroke="currentColor" />
                  <circle cx="7" cy="5" r="1.8" fill="currentColor" />
                </svg>
                {showBytes(w.key, 24)}
              </span>
            ))}
            {c.dirtyCas && <p className="cap">CLIENT_DIRTY_CAS: a watched key changed.</p>}
            {c.dirtyExec && <p className="cap">CLIENT_DIRTY_EXEC: a queued command was refused.</p>}
            {c.queue !== null && (
              <ol className="queue">
                {c.queue.map((argv, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a command is its place in the queue
                  <li key={i} className="mono">
                    {commandText(argv, 40)}
                  </li>
                ))}
              </ol>
            )}
            {c.blocked && <p className="cap mono">{commandText(c.blocked.argv, 40)}</p>}
          </div>
        ))}
      </div>
    </Pane>
  )
}

const THREE = ['INCR a', 'INCR b', 'INCR c']
const SCRIPT =
  "EVAL \"redis.call('INCR',KEYS[1]) redis.call('INCR',KEYS[2]) return redis.call('INCR',KEYS[3])\" 3 a b c"
const WAYS = [
  {
    name: 'MULTI',
    trips: 5,
    alone: true,
    fails: 'the others are done, its place in the reply is an error',
    reads: 'no: replies come after EXEC',
    sees: 'WATCH',
  },
  {
    name: 'Script',
    trips: 1,
    alone: true,
    fails: 'the script stops there, what it did stays done',
    reads: 'yes: each reply is at hand',
    sees: 'not needed',
  },
  {
    name: 'Pipeline',
    trips: 1,
    alone: false,
    fails: 'the others are done',
    reads: 'no: replies come together',
    sees: 'no',
  },
] as const

/** The same three INCR in one batch: a redis-cli that sends what it reads without waiting for answers. */
function typePipeline(process: string): void {
  openTerminal(process, false, ['--pipe'])
  const tab = lab.get().tabs.find((t) => t.kind === 'cli' && t.process === process && t.options?.includes('--pipe'))
  const kept = tab && terminalFor(tab)
  if (kept) type(kept.terminal, textToBytes(`${THREE.join('\r')}\r\x04`))
}

function WaysPane({ process }: { process: string }) {
  const [rtt, setRtt] = useState(500)
  const longest = Math.max(...WAYS.map((w) => w.trips)) * rtt + 6
  return (
    <Pane
      label="Three ways"
      title="The same three INCR, three ways"
      sub="times are reckoned: round trips and 2 µs a command"
      className="wide"
      testid="tx-ways"
      right={
        <label className="knob">
          one round trip
          <input
            type="range"
            min={50}
            max={10000}
            step={50}
            value={rtt}
            aria-valuetext={duration(rtt)}
            onChange={(e) => setRtt(Number(e.target.value))}
          />
          <output className="mono">{duration(rtt)}</output>
        </label>
      }
      table={{
        head: ['Way', 'Round trips', 'Time', 'Others in between', 'When one fails', 'Decide by a reply', 'Watch'],
        rows: WAYS.map((w) => [
          w.name,
          w.trips,
          duration(w.trips * rtt + 6),
          w.alone ? 'none' : 'anybody',
          w.fails,
          w.reads,
          w.sees,
        ]),
      }}
      summary={`With ${duration(rtt)} a round trip: MULTI typed line by line takes ${duration(5 * rtt + 6)}, a script or a pipeline ${duration(rtt + 6)}. Only the pipeline lets others in between its commands.`}
    >
      <div className="ways">
        {WAYS.map((w) => (
          <div key={w.name} className="way">
            <span className="wayname">{w.name}</span>
            <svg
              viewBox="0 0 420 34"
              role="img"
              aria-label={`${w.name}: ${plural(w.trips, 'round trip')}, ${w.alone ? 'nobody in between' : 'others may run in between'}`}
            >
              <path d="M0 26H420" stroke="var(--line-2)" />
              {Array.from({ length: w.trips }, (_, i) => {
                const one = (rtt / longest) * 400
                const last = i === w.trips - 1
                const x = i * one
                const cmds = w.trips === 1 || last ? 3 : 0
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a round trip is its place
                  <g key={i}>
                    <path
                      d={`M${x + 2} 10L${x + one / 2} 26L${x + one - 2} 10`}
                      fill="none"
                      stroke="var(--ink-3)"
                      strokeWidth="1.5"
                    />
                    {cmds === 0 ? (
                      <rect x={x + one / 2 - 3} y="22" width="6" height="8" className="f1" />
                    ) : (
                      [0, 1, 2].map((k) => (
                        <rect
                          key={k}
                          x={x + one / 2 - 14 + k * (w.alone ? 9 : 14)}
                          y="20"
                          width="9"
                          height="12"
                          className="f2"
                        />
                      ))
                    )}
                    {cmds > 0 &&
                      !w.alone &&
                      [0, 1].map((k) => (
                        <rect key={k} x={x + one / 2 - 4 + k * 14} y="20" width="3" height="12" fill="var(--down)" />
                      ))}
                  </g>
                )
              })}
            </svg>
            <span className="mono waytime">{duration(w.trips * rtt + 6)}</span>
            <span className="cap">
              {w.alone ? 'Nobody in between. ' : 'Anybody in between. '}One fails: {w.fails}. Decide by a reply:{' '}
              {w.reads}.
            </span>
            <button
              type="button"
              className="btn small"
              onClick={() =>
                w.name === 'Pipeline'
                  ? typePipeline(process)
                  : typeInto(process, w.name === 'MULTI' ? ['MULTI', ...THREE, 'EXEC'] : [SCRIPT])
              }
              title={
                w.name === 'MULTI'
                  ? ['MULTI', ...THREE, 'EXEC'].join('\n')
                  : w.name === 'Script'
                    ? SCRIPT
                    : `redis-cli --pipe\n${THREE.join('\n')}`
              }
            >
              Type it
            </button>
          </div>
        ))}
      </div>
      <div className="legend">
        <span>
          <i className="e1" />
          queued
        </span>
        <span>
          <i className="e2" />
          runs
        </span>
        <span>
          <i style={{ background: 'var(--down)' }} />
          where others may run
        </span>
      </div>
    </Pane>
  )
}

const ACID = [
  {
    name: 'Atomicity',
    text: 'All or nothing up to EXEC; from there on an error stops nothing and nothing is rolled back.',
    lines: ['DEL a b', 'MULTI', 'SET a 1', 'LPUSH a x', 'SET b 2', 'EXEC', 'MGET a b'],
  },
  {
    name: 'Consistency',
    text: 'A command that is refused while queueing refuses the whole EXEC.',
    lines: ['MULTI', 'INCRBY a', 'SET a 5', 'EXEC'],
  },
  {
    name: 'Isolation',
    text: 'One thread: while EXEC runs its queue no other command runs. What was read before MULTI is guarded by WATCH alone.',
    lines: ['MULTI', 'INCR n', 'INCR n', 'INCR n', 'EXEC'],
  },
  {
    name: 'Durability',
    text: 'What EXEC did is as durable as any write: by appendonly and appendfsync.',
    lines: ['CONFIG GET append*'],
  },
] as const
function AcidPane({ process }: { process: string }) {
  const playing = useLab((s) => s.state?.playing === true)
  return (
    <Pane
      label="ACID"
      title="ACID, proved by typing"
      sub={playing ? '' : 'the clock stands: lines run until answered'}
      className="wide"
      testid="tx-acid"
    >
      <dl className="acid">
        {ACID.map((a) => (
          <div key={a.name}>
            <dt>{a.name}</dt>
            <dd>{a.text}</dd>
            <dd>
              <button
                type="button"
                className="btn small"
                title={a.lines.join('\n')}
                onClick={() => typeInto(process, a.lines)}
              >
                Prove {a.name.toLowerCase()}
              </button>
            </dd>
          </div>
        ))}
      </dl>
    </Pane>
  )
}
