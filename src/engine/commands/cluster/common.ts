/** What CLUSTER's subcommands have in common: the cluster they are about, node names and slots as arguments. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { CLUSTER_SLOTS, type ClusterNode } from '../../cluster/node.ts'
import type { Reply } from '../../protocol/reply.ts'
import { cText, fail } from '../args.ts'
import type { CommandContext, Handler } from '../command.ts'
import { disabled } from './disabled.ts'

export type ClusterHandler = (cluster: Cluster, argv: readonly Bytes[], c: CommandContext) => Reply

/** For servers that are in a cluster only. */
export const clustered =
  (handler: ClusterHandler): Handler =>
  (c, argv) =>
    c.server.cluster === null ? disabled() : handler(c.server.cluster, argv, c)

/** What clusterCommand says when no branch of it takes the arguments. */
export const unknownForm = (argv: readonly Bytes[]): never =>
  fail(`ERR unknown subcommand or wrong number of arguments for '${cText(argv[1]).slice(0, 128)}'. Try CLUSTER HELP.`)

/** A node by its name, or the error; `text` is said before the name. */
export function nodeArg(cluster: Cluster, name: Bytes | undefined, text = 'Unknown node'): ClusterNode {
  return cluster.lookup(name ?? '') ?? fail(`ERR ${text} ${cText(name)}`)
}
export function slotArg(arg: Bytes | undefined): number {
  const slot = Number(parseInt64(arg ?? '') ?? -1)
  return slot >= 0 && slot < CLUSTER_SLOTS ? slot : fail('ERR Invalid or out of range slot')
}
