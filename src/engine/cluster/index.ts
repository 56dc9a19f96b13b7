/**
 * The cluster as one part of the server. What stands outside calls it through `server.clusterPart`, so that a page whose
 * servers are in no cluster need not load it.
 */
import { clusterCommands } from '../commands/cluster/index.ts'
import { viewCluster, viewSlot, viewSlotKeys } from '../inspect/cluster.ts'
import { clusterSummary } from '../inspect/cluster-summary.ts'
import { bootCluster, wireClusterConfig } from './boot.ts'
import { freeLink, propagatePublish } from './bus.ts'
import { clusterBeforeSleep, clusterCron } from './cron.ts'
import { verifyWithData } from './health.ts'
import { findRoute, redirectBlockedClient, routeCommand } from './routing.ts'

export const clusterPart = {
  commands: clusterCommands,
  boot: bootCluster,
  wireConfig: wireClusterConfig,
  verifyWithData,
  cron: clusterCron,
  beforeSleep: clusterBeforeSleep,
  route: routeCommand,
  findRoute,
  redirectBlockedClient,
  propagatePublish,
  freeLink,
  summary: clusterSummary,
  views: { cluster: viewCluster, 'slot keys': viewSlotKeys, slot: viewSlot },
} as const
export type ClusterPart = typeof clusterPart
