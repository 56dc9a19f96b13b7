/**
 * The process contract. Every program in the world (a server, a sentinel, a redis-cli) is a `Machine`: a function from
 * an input and the time to outputs. It never reads a clock, a random source, a file or a socket. It is told.
 */
import type { Bytes } from './bytes/bytes.ts'

/** Microseconds since the Unix epoch by the box's own clock. */
export type Micros = number
/** A connection's number, unique within a process for its lifetime. Outgoing ids are chosen by the machine (odd: 1, 3, 5 …), incoming by the host (even). */
export type ConnId = number

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

export type FileOp =
  | { readonly op: 'read'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly bytes: Bytes } // create or truncate, then write
  | { readonly op: 'append'; readonly path: string; readonly bytes: Bytes }
  | { readonly op: 'pwrite'; readonly path: string; readonly offset: number; readonly bytes: Bytes }
  | { readonly op: 'truncate'; readonly path: string; readonly length: number }
  | { readonly op: 'fsync'; readonly path: string }
  | { readonly op: 'rename'; readonly path: string; readonly to: string }
  | { readonly op: 'unlink'; readonly path: string }
  | { readonly op: 'stat'; readonly path: string }
  | { readonly op: 'list'; readonly path: string }
  | { readonly op: 'mkdir'; readonly path: string }
  | { readonly op: 'lock'; readonly path: string } // made when absent; this process's until it ends. EWOULDBLOCK: another's

/** `error` is an errno name: ENOENT, ENOSPC, EIO, EACCES, EISDIR … */
export type FileResult =
  | {
      readonly ok: true
      readonly bytes?: Bytes
      readonly names?: readonly string[]
      readonly size?: number
      readonly isDirectory?: boolean
    }
  | { readonly ok: false; readonly error: string }

/** An address that could not be bound; when it was optional (`-::1`) the others are listened on. */
export interface FailedBind {
  readonly address: string
  readonly error: string
}

export type CloseReason = 'eof' | 'reset' | 'timeout'

export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'listening'; readonly port: number; readonly failed?: readonly FailedBind[] } // answer to 'listen'
  | {
      readonly type: 'listenFailed'
      readonly port: number
      readonly error: string // EADDRINUSE …
      readonly failed?: readonly FailedBind[]
    }
  | {
      readonly type: 'accept'
      readonly conn: ConnId
      readonly port: number
      readonly remoteHost: string
      readonly remotePort: number
      readonly localHost: string
    }
  | { readonly type: 'opened'; readonly conn: ConnId; readonly localHost: string; readonly localPort: number }
  | { readonly type: 'refused'; readonly conn: ConnId; readonly error: string } // ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, ENOTFOUND
  | { readonly type: 'data'; readonly conn: ConnId; readonly bytes: Bytes }
  | { readonly type: 'closed'; readonly conn: ConnId; readonly reason: CloseReason }
  | { readonly type: 'sent'; readonly conn: ConnId; readonly pendingBytes: number } // bytes that the kernel has not taken yet: they count as the process's own (backpressure)
  | { readonly type: 'fileDone'; readonly id: number; readonly result: FileResult }
  | { readonly type: 'timer'; readonly id: number }
  | { readonly type: 'signal'; readonly signal: Signal }
  | { readonly type: 'stdin'; readonly bytes: Bytes } // keys typed at a program's terminal; '' is end of file
  | { readonly type: 'winsize'; readonly columns: number; readonly rows: number }

export type Output =
  | { readonly type: 'listen'; readonly port: number; readonly bind: readonly string[] } // port 0: a unix socket, bind = [path, octal mode]; in rehash-server only
  | { readonly type: 'unlisten'; readonly port: number }
  | { readonly type: 'connect'; readonly conn: ConnId; readonly host: string; readonly port: number }
  | { readonly type: 'send'; readonly conn: ConnId; readonly bytes: Bytes }
  | { readonly type: 'close'; readonly conn: ConnId; readonly drop?: true } // what was sent before still arrives; with `drop` only what the kernel has taken already
  | { readonly type: 'file'; readonly id: number; readonly op: FileOp }
  | { readonly type: 'setTimer'; readonly id: number; readonly at: Micros } // one shot; same id replaces
  | { readonly type: 'clearTimer'; readonly id: number }
  | { readonly type: 'log'; readonly line: string } // a whole line as Redis prints it, without newline
  | { readonly type: 'stdout'; readonly bytes: Bytes } // a program's terminal output
  | { readonly type: 'stderr'; readonly bytes: Bytes }
  | { readonly type: 'exit'; readonly code: number } // or a crash: code 128 + signal

export interface RealSystem {
  /** "Linux 6.1.0 x86_64" */
  readonly os: string
  readonly memoryBytes: number
  /** Seconds in user mode and in the kernel, and the bytes that are in memory. */
  usage(): { readonly user: number; readonly system: number; readonly residentBytes: number }
  /** What ps shows of the process. */
  setTitle(text: string): void
}

/** What a process is told at birth. */
export interface ProcessEnv {
  readonly pid: number
  /** 32-bit seed of this process's own generator. The node adapter takes it from the system's entropy. */
  readonly seed: number
  /** The box's address, e.g. "10.0.0.11". What `bind` and announce default to. */
  readonly host: string
  /** Arguments after the program's name, as on a command line. */
  readonly argv: readonly string[]
  /** Working directory; relative paths in FileOps are resolved by the machine against it before they are emitted. */
  readonly cwd: string
  /** True in rehash-server: real files, real signals. Only texts and defaults may depend on it, never semantics. */
  readonly real?: boolean
  /** Monotonic microseconds, on real hardware only: measures how long commands take (slow log, latency). Never decides anything. */
  readonly clock?: () => number
  /** On real hardware only: what the system says of this process and of itself. It is shown, and decides nothing. */
  readonly system?: RealSystem
  /** On real hardware only: goes on as a process of its own in the background (`daemonize yes`); this one ends. */
  readonly detach?: () => void
}

/**
 * A fact in Redis's own words at the moment of decision ("+odown", "rehash step", "psync partial"). Never changes
 * behaviour; costs nothing when absent.
 */
export interface Fact {
  readonly kind: string
  readonly [field: string]: string | number | boolean | null | readonly (string | number)[]
}
export type Tap = (fact: Fact) => void

export interface Machine {
  /** Run one input to completion. Never throws for bad outside data; a throw is an engine fault (the process dies with a report). */
  /** `arrived` and `sent`: when the kernel had the input, and when its sender's bytes left. For pictures; decides nothing. */
  handle(input: Input, now: Micros, arrived?: Micros, sent?: Micros): readonly Output[]
  /** Microseconds of modelled work the last `handle` did (cost model, appendix A of the spec). The world turns it into busy time. */
  readonly workMicros: number
  /** A read-only view for pictures: plain, bounded, cloneable data. Unknown names give null. See engine/inspect. */
  view(name: string, args: readonly string[]): unknown
}

export type MachineFactory = (env: ProcessEnv, tap?: Tap) => Machine
