export { checkNoCrash, checkOneLeaderPerEpoch, mastersNow, type Violation } from './checkers.ts'
export { checkElections, ClusterHistory, type ClusterSight } from './cluster-checkers.ts'
export { FaultError } from './faults.ts'
export { type ClusterPreset, clusterPreset } from './cluster-presets.ts'
export { sentinelTrio } from './presets.ts'
export type { TraceRecord } from './process-runner.ts'
export type {
  BoxSpec,
  CutView,
  EventView,
  Fault,
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
} from './types.ts'
export { createWorld, EPOCH_MS, type LoggedInput, type ProgramFactory, type World, type WorldOptions } from './world.ts'
