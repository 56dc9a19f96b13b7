/**
 * What the page sees of a running world: one object, plain data in and out, subscriptions for pictures. The
 * implementation talks to the conductor worker; the page only draws.
 *
 * Times (`at`, `now`) are virtual microseconds since the world's start.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { EventView, Fault, LogLine, Scenario, SessionState } from '../world/types.ts'

export type {
  BoxSpec,
  CutView,
  EventView,
  Fault,
  LatencyView,
  LinkView,
  LogLine,
  PacketView,
  ProcessKind,
  ProcessSpec,
  ProcessState,
  ProcessStatus,
  ProcessSummary,
  Scenario,
  SessionState,
  Topology,
} from '../world/types.ts'

export interface Session {
  readonly scenario: Scenario
  state(): SessionState
  /** At most once a frame. Returns an unsubscribe. */
  onState(fn: (s: SessionState) => void): () => void
  /** All marked events since the start (bounded; oldest minor ones dropped first), then new ones. */
  onEvents(fn: (all: readonly EventView[]) => void): () => void
  play(): void
  pause(): void
  /** One event of the world. */
  step(): Promise<void>
  /** Run until virtual time `at`, as fast as it goes, then pause. */
  runTo(at: number): Promise<void>
  /** The same for a world that stands; one that plays, by what was asked last, is left alone, and the answer is false. */
  runWhileStanding(at: number): Promise<boolean>
  setSpeed(virtualPerWall: number): void
  /** Event kinds to stop on, e.g. ["+odown"]. */
  setBreakpoints(kinds: readonly string[]): void
  fault(f: Fault): void
  /** Start again from zero, perhaps with another seed. */
  restart(seed?: number): Promise<void>
  /** A view of a process, pushed while anyone is subscribed, at most once a frame: null when the process is not running. */
  subscribeView(process: string, view: string, args: readonly string[], fn: (data: unknown) => void): () => void
  log(process: string, fn: (lines: readonly LogLine[]) => void): () => void
  /** Start redis-cli on a box (a process of the world of its own). */
  openTerminal(box: string, argv: readonly string[]): Terminal
  /** Start an application on a box (programs/app): what is written to it are orders to it. */
  openApp(box: string, argv: readonly string[]): Terminal
  /** Orders for an application that the deployment itself started (a proxy). */
  tell(process: string, order: string): void
  dispose(): void
}
export interface Terminal {
  readonly process: string
  write(bytes: Bytes): void
  resize(columns: number, rows: number): void
  onOutput(fn: (bytes: Bytes) => void): () => void
  onExit(fn: (code: number) => void): () => void
  close(): void
}
