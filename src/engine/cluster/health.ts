import type { Cluster } from './cluster.ts'

export function updateState(_cluster: Cluster): void {}
export function verifyWithData(_cluster: Cluster): boolean {
  return true
}
export function isMinority(_cluster: Cluster): boolean {
  return false
}
export function manualFailoverTimeLimit(_cluster: Cluster): number {
  return 0
}
