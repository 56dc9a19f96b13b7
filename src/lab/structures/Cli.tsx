/** redis-cli beside the pictures: what is typed here is seen there. */
import { openTerminal } from '../actions.ts'
import { textToBytes } from '../bytes.ts'
import { lab, useLab } from '../store.ts'
import { terminalFor, type } from '../terminal/sessions.ts'
import { CliPane, OpenCli } from '../terminal/Terminals.tsx'
import { addressOf } from '../world-facts.ts'
import { pinOf, useChoice } from './choice.ts'

/** Types lines into the redis-cli of a process, as a hand would; opens one when there is none. */
export function typeInto(process: string, lines: readonly string[]): void {
  // One that runs a command of its own (--pipe, --latency) is not typed into.
  const mine = () => lab.get().tabs.find((t) => t.kind === 'cli' && t.process === process && !t.options?.length)
  if (!mine()) openTerminal(process, false)
  const tab = mine()
  if (!tab) return
  lab.set({ left: tab.id, front: 'left' })
  const kept = terminalFor(tab)
  if (kept) type(kept.terminal, textToBytes(lines.map((l) => `${l}\r`).join('')))
}

/** The same for one line about a key of some database. */
export const typeOn = (of: { readonly process: string; readonly db: number }, line: string): void =>
  typeInto(of.process, [...(of.db === 0 ? [] : [`SELECT ${of.db}`]), line])

const EXAMPLES = [
  'SET hits 42',
  'SET name:3 Ada',
  'SET cart:88 "3 items"',
  'APPEND cart:88 ", 1 new"',
  'HSET prefs:7 theme dark size 14',
  'SADD seen -7 3 1200',
  'SADD seen 70000',
  'SADD friends:4 ada grace alan',
  'CONFIG SET list-max-listpack-size 4',
  'CONFIG SET list-compress-depth 1',
  `RPUSH jobs ${Array.from({ length: 14 }, (_, i) => `job-${i}-resize-image-resize-image`).join(' ')}`,
  'CONFIG SET zset-max-listpack-entries 8',
  'ZADD board 310 ash 905 bay 1210 elm 1480 fir 2050 fig 2600 lime',
  'ZADD board 2890 oak 3120 pine 3975 yew',
  'ZRANK board oak',
]

export function Examples({ process }: { process: string }) {
  return (
    <div className="pad empty">
      <p className="cap">No keys yet. Type a command, or let the examples be typed: one key of each encoding.</p>
      <button
        type="button"
        className="btn"
        onClick={() => {
          typeInto(process, EXAMPLES)
          const pins = ['prefs:7', 'seen', 'cart:88', 'jobs'].map((k) => pinOf(process, 0, k))
          useChoice.setState({ db: 0, key: 'board', pins })
        }}
      >
        Type the examples
      </button>
    </div>
  )
}

export function CliDock({ process }: { process: string }) {
  const tab = useLab((s) => s.tabs.find((t) => t.id === s.left && t.kind === 'cli'))
  const scenario = useLab((s) => s.session?.scenario)
  return (
    <section className="pane dock" aria-label="redis-cli">
      <div className="ph">
        redis-cli
        <span className="sub mono">{tab && scenario ? addressOf(scenario, tab.process) : ''}</span>
        <span className="sp" />
        <OpenCli process={process} />
      </div>
      <CliPane />
    </section>
  )
}
