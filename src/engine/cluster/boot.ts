/** A node comes up: its state from nodes.conf, its bus port, what the configuration says of it. (redis 7.0: clusterInit) */
import { watchCluster } from '../inspect/cluster-log.ts'
import type { Server } from '../server/server.ts'
import { startBus } from './bus.ts'
import { Cluster } from './cluster.ts'
import { updateMyselfAnnouncedPorts, updateMyselfFlags, updateMyselfHostname, updateMyselfIp } from './nodes.ts'
import { loadConfig } from './nodes-conf.ts'

/** `done` is called when the bus is open; otherwise the process has ended, and the log says why. */
export function bootCluster(server: Server, done: () => void): void {
  const cluster = new Cluster(server)
  server.cluster = cluster
  if (server.tap !== undefined) watchCluster(cluster)
  loadConfig(cluster, () =>
    startBus(cluster, (ok) => {
      if (!ok) {
        server.host.exit(1)
        return
      }
      updateMyselfAnnouncedPorts(cluster)
      updateMyselfFlags(cluster)
      updateMyselfIp(cluster)
      updateMyselfHostname(cluster)
      done()
    }),
  )
}
/** What CONFIG SET changes at once. */
export function wireClusterConfig(server: Server): void {
  const follow = (names: readonly string[], fn: (cluster: Cluster) => void): void => {
    for (const name of names)
      server.config.onApply(name, () => {
        if (server.cluster !== null) fn(server.cluster)
        return null
      })
  }
  follow(['cluster-replica-no-failover'], updateMyselfFlags)
  follow(['cluster-announce-ip'], updateMyselfIp)
  follow(['cluster-announce-hostname'], updateMyselfHostname)
  follow(
    ['cluster-announce-port', 'cluster-announce-bus-port', 'cluster-announce-tls-port'],
    updateMyselfAnnouncedPorts,
  )
}
