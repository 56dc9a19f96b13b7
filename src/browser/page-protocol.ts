/** What the page and the conductor's worker say to each other. */
import type { EventView, Fault, LogLine, ProcessSpec, Scenario, SessionState } from '../world/types.ts'

export type FromPage =
  | { readonly type: 'open'; readonly scenario: Scenario }
  | { readonly type: 'play' | 'pause' }
  | { readonly type: 'step'; readonly id: number }
  | { readonly type: 'runTo'; readonly id: number; readonly at: number; readonly standing: boolean }
  | { readonly type: 'restart'; readonly id: number; readonly seed: number }
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'breakpoints'; readonly kinds: readonly string[] }
  | { readonly type: 'fault'; readonly fault: Fault }
  | {
      readonly type: 'subscribe'
      readonly id: number
      readonly process: string
      readonly view: string
      readonly args: readonly string[]
    }
  | { readonly type: 'unsubscribe'; readonly id: number }
  | { readonly type: 'spawn'; readonly spec: ProcessSpec }
  | { readonly type: 'stdin'; readonly process: string; readonly bytes: string }
  | { readonly type: 'winsize'; readonly process: string; readonly columns: number; readonly rows: number }
  | { readonly type: 'end'; readonly process: string }

export type ToPage =
  | {
      readonly type: 'state'
      readonly state: SessionState
      readonly views: readonly (readonly [id: number, data: unknown])[]
    }
  | { readonly type: 'events'; readonly events: readonly EventView[]; readonly reset: boolean }
  | { readonly type: 'logs'; readonly process: string; readonly lines: readonly LogLine[] }
  | { readonly type: 'reset' }
  | { readonly type: 'output'; readonly process: string; readonly bytes: string }
  | { readonly type: 'exit'; readonly process: string; readonly code: number }
  | { readonly type: 'done'; readonly id: number; readonly ran: boolean }
  | { readonly type: 'error'; readonly message: string }
