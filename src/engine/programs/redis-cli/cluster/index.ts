/** --cluster: the table of its subcommands, and `help`, which is made of it. */
import type { Mode, ModeContext, Part } from '../modes/step.ts'
import { backupCommand } from './backup.ts'
import { checkCommand, fixCommand, infoCommand } from './check.ts'
import { createCommand } from './create.ts'
import { askSourcePassword, importCommand } from './import.ts'
import { ClusterManager } from './manager.ts'
import { addNodeCommand, callCommand, delNodeCommand, setTimeoutCommand } from './nodes-commands.ts'
import { rebalanceCommand } from './rebalance.ts'
import { reshardCommand } from './reshard.ts'

interface Subcommand {
  readonly run: (m: ClusterManager) => Part<boolean>
  /** Words behind it; negative: at least so many. 0 takes any number. */
  readonly arity: number
  readonly args: string
  /** Without "--cluster-". */
  readonly options: readonly string[]
}

const ANY_NODE = '<host:port> or <host> <port> - separated by either colon or space'
const MOVING = ['timeout <arg>', 'pipeline <arg>']

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  create: { run: createCommand, arity: -2, args: 'host1:port1 ... hostN:portN', options: ['replicas <arg>'] },
  check: { run: checkCommand, arity: -1, args: ANY_NODE, options: ['search-multiple-owners'] },
  info: { run: infoCommand, arity: -1, args: ANY_NODE, options: [] },
  fix: {
    run: fixCommand,
    arity: -1,
    args: ANY_NODE,
    options: ['search-multiple-owners', 'fix-with-unreachable-masters'],
  },
  reshard: {
    run: reshardCommand,
    arity: -1,
    args: ANY_NODE,
    options: ['from <arg>', 'to <arg>', 'slots <arg>', 'yes', ...MOVING, 'replace'],
  },
  rebalance: {
    run: rebalanceCommand,
    arity: -1,
    args: ANY_NODE,
    options: [
      'weight <node1=w1...nodeN=wN>',
      'use-empty-masters',
      'timeout <arg>',
      'simulate',
      'pipeline <arg>',
      'threshold <arg>',
      'replace',
    ],
  },
  'add-node': {
    run: addNodeCommand,
    arity: 2,
    args: 'new_host:new_port existing_host:existing_port',
    options: ['slave', 'master-id <arg>'],
  },
  'del-node': { run: delNodeCommand, arity: 2, args: 'host:port node_id', options: [] },
  call: {
    run: callCommand,
    arity: -2,
    args: 'host:port command arg arg .. arg',
    options: ['only-masters', 'only-replicas'],
  },
  'set-timeout': { run: setTimeoutCommand, arity: 2, args: 'host:port milliseconds', options: [] },
  import: {
    run: importCommand,
    arity: 1,
    args: 'host:port',
    options: ['from <arg>', 'from-user <arg>', 'from-pass <arg>', 'from-askpass', 'copy', 'replace'],
  },
  backup: { run: backupCommand, arity: 2, args: 'host:port backup_directory', options: [] },
  help: { run: help, arity: 0, args: '', options: [] },
}

const PADDING = 15

// biome-ignore lint/correctness/useYield: a subcommand like the others, which asks nobody
function* help(m: ClusterManager): Part<boolean> {
  let out = 'Cluster Manager Commands:\n'
  for (const [name, s] of Object.entries(SUBCOMMANDS)) {
    out += `  ${name.padEnd(PADDING)}${s.args}\n`
    for (const option of s.options) out += `${' '.repeat(PADDING)}  --cluster-${option}\n`
  }
  out +=
    '\nFor check, fix, reshard, del-node, set-timeout, info, rebalance, call, import, backup you can specify the host and port of any working node in the cluster.\n'
  out += `\nCluster Manager Options:\n  ${'--cluster-yes'.padEnd(PADDING)}Automatic yes to cluster commands prompts\n\n`
  m.complain(out)
  return false
}

export function* cluster(c: ModeContext): Mode {
  const m = new ClusterManager(c)
  if (m.o.fromAskPassword) yield* askSourcePassword(m)
  const subcommand = Object.hasOwn(SUBCOMMANDS, m.o.name ?? '') ? SUBCOMMANDS[m.o.name as string] : undefined
  if (subcommand === undefined) {
    m.complain('Unknown --cluster subcommand\n')
    return 1
  }
  const { arity, run } = subcommand
  const given = m.o.argv.length
  if ((arity > 0 && given !== arity) || (arity < 0 && given < -arity)) {
    m.complain('[ERR] Wrong number of arguments for specified --cluster sub command\n')
    return 1
  }
  return (yield* run(m)) ? 0 : 1
}
