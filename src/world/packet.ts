/**
 * What crosses a link, and what else a process waits for. A packet's arrival time is computed by its *sender*, from the
 * sender's own seeded stream for that link, so that the order of events never depends on who runs first.
 *
 * A stream (one TCP connection) is named by its client: `client process index * 2^32 + n`. `toClient` says which of
 * its two ends a packet is for.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { FileOp, FileResult, Input, Signal } from '../engine/machine.ts'
import type { Ordered } from './heap.ts'
import type { CutLayer } from './types.ts'

interface PacketBase extends Ordered {
  readonly dst: number
  readonly sentAt: number
  readonly stream: number
  readonly toClient: boolean
  /** Of a connection to a cluster's bus. */
  readonly bus?: true
}
export type Packet = PacketBase &
  (
    | { readonly kind: 'syn'; readonly port: number; readonly fromPort: number }
    | { readonly kind: 'synack' }
    | { readonly kind: 'refuse' }
    | { readonly kind: 'data'; readonly bytes: Bytes }
    | { readonly kind: 'fin' }
    | { readonly kind: 'rst' }
    /** The reader has taken this many bytes more: there is room again in its kernel's buffer. */
    | { readonly kind: 'ack'; readonly count: number }
    /** The client gave up a connection that was not yet open. */
    | { readonly kind: 'abort' }
    /** "I listen here": sent to everybody for a port that the topology does not name. */
    | { readonly kind: 'route'; readonly port: number; readonly listening: boolean }
  )

/** What is known of every process of the world, everywhere. */
export interface Peer {
  readonly index: number
  readonly name: string
  readonly kind: string
  readonly boxIndex: number
  readonly boxName: string
  readonly address: string
  readonly port: number
}

/** What the world tells a process, at a given time: faults, keys typed, news of others. The input log is made of these. */
export type WorldInput =
  | { readonly type: 'start' }
  | { readonly type: 'kill' }
  | { readonly type: 'powerLoss' }
  | { readonly type: 'pause' }
  | { readonly type: 'continue' }
  | { readonly type: 'signal'; readonly signal: Signal }
  | { readonly type: 'stdin'; readonly bytes: Bytes }
  | { readonly type: 'winsize'; readonly columns: number; readonly rows: number }
  | { readonly type: 'clock'; readonly offsetMicros: number }
  | {
      readonly type: 'cut'
      readonly id: number
      readonly from: readonly number[]
      readonly to: readonly number[]
      readonly oneWay: boolean
      readonly layer?: CutLayer
    }
  | { readonly type: 'heal'; readonly id: number }
  | {
      readonly type: 'latency'
      readonly a: number
      readonly b: number
      readonly latencyMicros: number
      readonly jitterMicros: number
      readonly bytesPerSecond?: number
    }
  | { readonly type: 'disk'; readonly freeBytes: number | null; readonly slowness: number }
  | { readonly type: 'peer'; readonly peer: Peer }
  /** A worker died without a word: whatever it held is reset. */
  | { readonly type: 'lost'; readonly index: number }

export type LocalEvent = Ordered &
  (
    | { readonly kind: 'timer'; readonly id: number; readonly incarnation: number }
    | { readonly kind: 'input'; readonly input: Input; readonly incarnation: number }
    | {
        readonly kind: 'file'
        readonly id: number
        readonly result: FileResult | null
        readonly op: FileOp | null
        readonly incarnation: number
      }
    | { readonly kind: 'connectTimeout'; readonly stream: number; readonly error: string }
  )
export type WorldEvent = Ordered & { readonly kind: 'world'; readonly input: WorldInput }
export type Pending = Packet | LocalEvent | WorldEvent

/** One end of a stream, as the kernel keeps it. */
export interface Socket {
  readonly stream: number
  readonly conn: number
  readonly outgoing: boolean
  /** Index of the process at the other end. */
  readonly peer: number
  readonly localPort: number
  readonly remotePort: number
  open: boolean
  /** When the last packet sent on it arrives: a stream keeps its order. */
  lastArrival: number
  /** Bytes on their way or unread at the other end: what both kernels hold. */
  unacked: number
  /** Bytes that the kernels have no room for; they count as the process's own memory. */
  waiting: Bytes[]
  waitingBytes: number
  /** Bytes read here that the sender has not been told of. */
  readUntold: number
  /** Closed by the process while bytes were waiting: they still leave. */
  lingering: boolean
}

export interface Queued {
  readonly at: number
  /** When its sender let go of it; `at` when it came from no packet. */
  readonly sent: number
  readonly cause: string
  readonly input: Input
}

export function isPacket(e: Pending): e is Packet {
  return 'dst' in e
}
