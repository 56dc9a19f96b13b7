/**
 * The plain data of a world, as scenarios write it and as pictures receive it. All of it can be cloned and kept in JSON.
 *
 * Times (`at`, `now`) are virtual microseconds since the world's start.
 */
/** `app`: an application that uses Redis (programs/app). */
export type ProcessKind = 'server' | 'sentinel' | 'client' | 'app'
export interface ProcessSpec {
  /** Unique name in the world: "redis-1", "s1", "app-1". */
  readonly name: string
  readonly kind: ProcessKind
  readonly box: string
  /** Port it listens on; 0 for none. */
  readonly port: number
  /** Command line after the program's name, e.g. ["/etc/redis.conf"] or ["--port", "6379"]. */
  readonly argv: readonly string[]
  /** Files put on the box's disk before the first start: path to text. */
  readonly files?: Readonly<Record<string, string>>
}
export interface BoxSpec {
  readonly name: string
  /** "10.0.0.11" */
  readonly address: string
}
export interface Topology {
  readonly boxes: readonly BoxSpec[]
  readonly processes: readonly ProcessSpec[]
  readonly link: {
    readonly latencyMicros: number
    readonly jitterMicros: number
    readonly loopbackMicros: number
    /** One gigabit a second when absent. */
    readonly bytesPerSecond?: number
  }
}
export interface Scenario {
  readonly id: string
  readonly title: string
  readonly seed: number
  readonly topology: Topology
}

export type ProcessState = 'running' | 'paused' | 'exited' | 'killed' | 'crashed'
export interface ProcessStatus {
  readonly name: string
  readonly state: ProcessState
  readonly pid: number
  readonly exitCode: number | null
  /** Report of an engine fault (message, stack, last inputs), to copy. */
  readonly crash: string | null
  /** View 'summary' of the machine: role, offset, epoch … (engine/inspect/summary.ts). */
  readonly summary: ProcessSummary | null
}
/** Small, always subscribed, drawn on the node cards. */
export interface ProcessSummary {
  readonly role: 'master' | 'replica' | 'sentinel' | 'client'
  /** One line of the most useful fact. */
  readonly line: string
  readonly offset?: number
  readonly masterLink?: 'up' | 'down'
  readonly epoch?: number
  /** Sentinels: what each thinks of each watched instance. `waitMicros` is the time since the last valid reply was due. */
  readonly opinions?: readonly {
    readonly about: string
    readonly kind: 'master' | 'replica' | 'sentinel'
    readonly waitMicros: number
    readonly limitMicros: number
    readonly sdown: boolean
    readonly odown: boolean
    readonly failoverState: string | null
  }[]
  readonly vote?: { readonly leader: string; readonly epoch: number } | null
  /** Of a cluster's node its name in the cluster, else the run id. */
  readonly runid?: string
  readonly cluster?: {
    readonly state: 'ok' | 'fail'
    readonly slots: number
    readonly configEpoch: number
    /** Of a replica: its master's name in the cluster. */
    readonly master: string | null
    /** A master with slots: its reports of failure count. */
    readonly votes: boolean
    readonly known: number
    readonly size: number
    readonly nodeTimeoutMs: number
  }
}
export type Channel = 'command' | 'replication' | 'sentinel' | 'bus'
export interface PacketView {
  readonly id: number
  readonly from: string
  readonly to: string
  readonly sentAt: number
  readonly dueAt: number
  readonly bytes: number
  /** Decoded: "SET k v", "+OK", "PING", "REPLCONF ACK 123", "hello s1". Untrusted text. */
  readonly label: string
  readonly channel: Channel
  /** Held by a cut link: waits there. */
  readonly held: boolean
}
export interface LinkView {
  readonly a: string
  readonly b: string
  readonly channel: Channel
  readonly open: boolean
}
/** What a cut may spare: `bus` cuts only a cluster's bus, `client` only the rest. */
export type CutLayer = 'bus' | 'client'
export interface CutView {
  readonly id: number
  readonly groupA: readonly string[] // box names
  readonly groupB: readonly string[]
  readonly oneWay: boolean
  readonly layer?: CutLayer
  readonly since: number
}
/** A link between two boxes whose latency was changed; the others have the topology's. */
export interface LatencyView {
  readonly a: string
  readonly b: string
  readonly latencyMicros: number
  readonly jitterMicros: number
}
export interface EventView {
  readonly seq: number
  readonly at: number
  readonly process: string
  /** "+sdown", "+odown", "fault.kill", "fault.cut", "repl.full", "log.warning" … */
  readonly kind: string
  readonly text: string
  /** 0 minor … 3 major; the timeline drops labels by priority. */
  readonly weight: number
}
export interface SessionState {
  readonly now: number
  /** Wall clock of the world at now = 0, ms since the Unix epoch. */
  readonly epochMs: number
  readonly playing: boolean
  /** Virtual seconds per wall second asked for, and what is reached. */
  readonly speed: number
  readonly reachedSpeed: number
  readonly eventCount: number
  readonly nextEventAt: number | null
  readonly processes: readonly ProcessStatus[]
  readonly packets: readonly PacketView[]
  readonly packetsOmitted: number
  readonly links: readonly LinkView[]
  readonly cuts: readonly CutView[]
  readonly latencies: readonly LatencyView[]
  /** The process whose event the last step was; null while the world runs. */
  readonly stepped: string | null
  /** Why it stopped, when a breakpoint did it. */
  readonly hit: { readonly breakpoint: string; readonly event: EventView } | null
  readonly workers: number
  readonly seed: number
  readonly digest: string
}
export type Fault =
  | { readonly type: 'kill'; readonly process: string } // SIGKILL
  | { readonly type: 'term'; readonly process: string } // SIGTERM
  | { readonly type: 'pause'; readonly process: string } // SIGSTOP
  | { readonly type: 'continue'; readonly process: string } // SIGCONT
  | { readonly type: 'restart'; readonly process: string }
  | {
      readonly type: 'cut'
      readonly groupA: readonly string[]
      readonly groupB: readonly string[]
      readonly oneWay?: boolean
      /** Only a cluster's bus, or only what is not the bus. */
      readonly layer?: CutLayer
    }
  | { readonly type: 'heal'; readonly cut: number } // -1 heals all
  | {
      readonly type: 'latency'
      readonly a: string
      readonly b: string
      readonly latencyMicros: number
      readonly jitterMicros: number
      /** Bandwidth of the link; the topology's when absent. */
      readonly bytesPerSecond?: number
    }
  /** The box's disks have room for `freeBytes` more (null: no limit) and take `slowness` times as long. */
  | { readonly type: 'disk'; readonly box: string; readonly freeBytes: number | null; readonly slowness?: number }
  | { readonly type: 'power'; readonly box: string } // power loss: what was not fsynced is gone, peers hear nothing
  | { readonly type: 'clock'; readonly box: string; readonly offsetMicros: number } // the box's clock jumps by this much

export interface LogLine {
  readonly at: number
  readonly line: string
}
