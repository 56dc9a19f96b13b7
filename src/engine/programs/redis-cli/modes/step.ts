/**
 * redis-cli's special modes (--bigkeys, --stat, --pipe ...) are little programs that ask, print and sleep. Each is written
 * as a generator: it yields what it waits for and is resumed with the answer, so that it reads from top to bottom
 * although the process behind it only reacts to inputs.
 *
 *   mode ──yield Step──▶ runner ──bytes, timers, files──▶ the world
 *   mode ◀──resume───── runner ◀──replies, expiry, text── the world
 */
import type { Bytes } from '../../../bytes/bytes.ts'
import type { FileOp, FileResult, Micros } from '../../../machine.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { isError } from '../format.ts'
import type { CliOptions } from '../options.ts'

export type Step =
  /** Send the commands together and wait for all their replies. With `reconnect`, a lost connection is opened again and again. */
  | { readonly do: 'ask'; readonly commands: readonly (readonly Bytes[])[]; readonly reconnect: boolean }
  | { readonly do: 'sleep'; readonly micros: number }
  /** All of standard input. */
  | { readonly do: 'stdin'; readonly newline: Bytes }
  | { readonly do: 'file'; readonly op: FileOp }
  /**
   * What read(2) gives of a line that was typed: at most `max` bytes, the newline among them; '' at the end of the input.
   * With `rest` what is left of a longer line is thrown away; `masked` shows stars.
   */
  | { readonly do: 'line'; readonly max: number; readonly rest: boolean; readonly masked: boolean }
  /** Connections of the mode's own, beside the program's: opened, asked and closed one at a time. */
  | { readonly do: 'dial'; readonly host: string; readonly port: number }
  | { readonly do: 'talk'; readonly peer: number; readonly argv: readonly Bytes[] }
  /** Bytes as they are: sent, and then as many taken of those that come as `take` says; 0 waits for more. */
  | { readonly do: 'raw'; readonly peer: number; readonly send: Bytes; readonly take: (buffer: Bytes) => number }
  | { readonly do: 'hangUp'; readonly peer: number }
  /** Whatever comes first: a piece of standard input ('' is its end), a reply, the time. */
  | { readonly do: 'event'; readonly timeoutMs: number }

export type ModeEvent =
  | { readonly type: 'stdin'; readonly bytes: Bytes }
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'timeout' }

/** A connection's number, or why there is none. */
export type Dialled = { readonly ok: true; readonly peer: number } | { readonly ok: false; readonly error: string }
/** null when the connection was lost before the reply. */
export type Answer = { readonly reply: Reply } | null

/** What a mode is resumed with; which one depends on the step it yielded. */
export type StepResult = readonly Reply[] | undefined | Bytes | FileResult | ModeEvent | Dialled | Answer
/** Ends with the exit code. */
export type Mode = Generator<Step, number, StepResult>
export type Part<T> = Generator<Step, T, StepResult>

export interface ModeContext {
  readonly options: CliOptions
  /** Standard output and standard error; newlines as a program writes them. */
  readonly print: (text: Bytes) => void
  readonly complain: (text: Bytes) => void
  readonly now: () => Micros
  /** The program's own dice. */
  readonly below: (n: number) => number
  /** Bytes to the server, as they are. */
  readonly send: (bytes: Bytes) => void
  /** Ctrl-C was pressed in a mode that then sums up what it has. */
  cancelled: boolean
}

/** An exit in the middle of a mode: caught by the runner. */
export class ModeExit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

export function* ask(...commands: readonly (readonly Bytes[])[]): Part<readonly Reply[]> {
  return (yield { do: 'ask', commands, reconnect: false }) as readonly Reply[]
}
/** One command; opens the connection again for as long as it takes. */
export function* askReconnecting(command: readonly Bytes[]): Part<Reply> {
  const replies = (yield { do: 'ask', commands: [command], reconnect: true }) as readonly Reply[]
  return replies[0] as Reply
}
export function* sleep(micros: number): Part<void> {
  yield { do: 'sleep', micros }
}
/** All of standard input; Enter at a terminal gives `newline`. */
export function* readStdin(newline: Bytes = '\n'): Part<Bytes> {
  return (yield { do: 'stdin', newline }) as Bytes
}
export function* readFile(path: string): Part<FileResult> {
  return (yield { do: 'file', op: { op: 'read', path } }) as FileResult
}
export function* writeFile(path: string, bytes: Bytes): Part<FileResult> {
  return (yield { do: 'file', op: { op: 'write', path, bytes } }) as FileResult
}
export function* readLine(max: number, rest: boolean, masked = false): Part<Bytes> {
  return (yield { do: 'line', max, rest, masked }) as Bytes
}
export function* dial(host: string, port: number): Part<Dialled> {
  return (yield { do: 'dial', host, port }) as Dialled
}
export function* talk(peer: number, argv: readonly Bytes[]): Part<Answer> {
  return (yield { do: 'talk', peer, argv }) as Answer
}
export function* raw(peer: number, send: Bytes, take: (buffer: Bytes) => number): Part<Bytes | null> {
  return (yield { do: 'raw', peer, send, take }) as Bytes | null
}
export function* hangUp(peer: number): Part<void> {
  yield { do: 'hangUp', peer }
}
export function* nextEvent(timeoutMs: number): Part<ModeEvent> {
  return (yield { do: 'event', timeoutMs }) as ModeEvent
}

/** printf("%05.2f%%"): the share of the keyspace that was scanned. */
export function percent(part: number, whole: number): string {
  const p = (100 * part) / whole
  return Number.isNaN(p) ? ' -nan' : p === Infinity ? '  inf' : p.toFixed(2).padStart(5, '0')
}

export interface ScanPage {
  readonly cursor: Bytes
  readonly keys: readonly Bytes[]
}
/** One SCAN of the modes that walk the keyspace. */
export function* scanPage(c: ModeContext, cursor: Bytes): Part<ScanPage> {
  const { pattern } = c.options
  const [reply] = yield* ask(pattern === null ? ['SCAN', cursor] : ['SCAN', cursor, 'MATCH', pattern])
  if (isError(reply as Reply)) {
    c.complain(`SCAN error: ${(reply as { text: Bytes }).text}\n`)
    throw new ModeExit(1)
  }
  if (!Array.isArray(reply)) {
    c.complain('Non ARRAY response from SCAN!\n')
    throw new ModeExit(1)
  }
  if (reply.length !== 2) {
    c.complain('Invalid element count from SCAN!\n')
    throw new ModeExit(1)
  }
  return { cursor: reply[0] as Bytes, keys: reply[1] as readonly Bytes[] }
}

export function* databaseSize(c: ModeContext): Part<number> {
  const [reply] = yield* ask(['DBSIZE'])
  if (typeof reply === 'number') return reply
  c.complain(
    isError(reply as Reply)
      ? `Couldn't determine DBSIZE: ${(reply as { text: Bytes }).text}\n`
      : 'Non INTEGER response from DBSIZE!\n',
  )
  throw new ModeExit(1)
}
