/** What the conductor and a process's worker say to each other, and the few things they need of a thread. */
import type { Packet, Pending } from '../world/packet.ts'
import type { Mark } from '../world/marks.ts'
import type { RunnerState } from '../world/process-runner.ts'
import type { LinkView, PacketView } from '../world/types.ts'

/** The part of MessagePort that a browser's and Node's have in common. */
export interface PortLike {
  postMessage(message: unknown, transfer?: never[]): void
  onmessage: ((event: never) => void) | null
  close(): void
}
/** A worker as its owner sees it. */
export interface WorkerHandle {
  post(message: ToWorker, transfer?: readonly PortLike[]): void
  onMessage(fn: (message: FromWorker) => void): void
  onError(fn: (message: string) => void): void
  terminate(): void
}

export interface EventKey {
  readonly time: number
  readonly src: number
  readonly seq: number
}
/** Batches of packets that must have come from each peer's port before the command may be done. */
export type Expect = readonly (readonly [peer: number, batches: number])[]
export interface ViewRequest {
  readonly id: number
  readonly view: string
  readonly args: readonly string[]
}

export type ToWorker =
  | { readonly type: 'init'; readonly state: RunnerState; readonly tap: boolean }
  | { readonly type: 'port'; readonly peer: number; readonly port: PortLike }
  | { readonly type: 'unport'; readonly peer: number }
  | {
      readonly type: 'run'
      readonly end: number
      readonly step: boolean
      readonly events: readonly Pending[]
      readonly breakpoints: readonly string[]
      readonly expect: Expect
    }
  | { readonly type: 'inspect'; readonly views: readonly ViewRequest[]; readonly expect: Expect }
  | { readonly type: 'export'; readonly expect: Expect }

export interface ProcessReport {
  readonly key: EventKey | null
  readonly status: RunnerState['status']
  readonly pid: number
  readonly digest: string
  readonly eventCount: number
}
export interface RanReport extends ProcessReport {
  readonly type: 'ran'
  /** For each peer with a port: the earliest of the packets sent, all in one batch. */
  readonly sent: readonly (readonly [peer: number, earliest: EventKey])[]
  /** Packets for processes that have no port here. */
  readonly packets: readonly Packet[]
  readonly marks: readonly Mark[]
  readonly logs: readonly { readonly at: number; readonly line: string }[]
  readonly output: string
}
export type FromWorker =
  | RanReport
  | {
      readonly type: 'inspected'
      readonly views: readonly (readonly [id: number, data: unknown])[]
      readonly summary: unknown
      readonly packets: readonly PacketView[]
      readonly links: readonly LinkView[]
    }
  | { readonly type: 'exported'; readonly state: RunnerState }
  /** The worker's own code failed (not the machine's). */
  | { readonly type: 'failed'; readonly message: string }
