/** DEBUG: what a developer of Redis asks a running server. */
import type { Bytes } from '../../bytes/bytes.ts'
import { globMatch } from '../../bytes/glob.ts'
import { datasetDigest, digestHex, EMPTY_DIGEST, objectDigest } from '../../keyspace/digest.ts'
import { createRawStringObject } from '../../objects/string.ts'
import { map, NO_REPLY, OK, type Reply, set, status, verbatim } from '../../protocol/reply.ts'
import { countError } from '../../server/call.ts'
import { clientMemory } from '../../server/client-memory.ts'
import { parseMemory } from '../../server/config-values-text.ts'
import { PACKED_THRESHOLD } from '../../structures/quicklist.ts'
import { cText, equalsIgnoreCase, fail, parseLongArg, parsePositiveLongArg } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { help, answerLater } from './config.ts'
import { debugObject, htStats, htStatsKey, printed, sdsLen } from './debug-objects.ts'
import { assertion, loadAof, outOfMemory, panic, reload, restart, segfault, sleep } from './debug-process.ts'

function protocolReply(c: CommandContext, type: string): Reply {
  switch (type) {
    case 'string':
      return 'Hello World'
    case 'integer':
      return 12345
    case 'double':
      return { t: 'double', value: 3.141 }
    case 'null':
      return null
    case 'array':
      return [0, 1, 2]
    case 'set':
      return set([0, 1, 2])
    case 'map':
      return map([0, { t: 'bool', value: false }, 1, { t: 'bool', value: true }, 2, { t: 'bool', value: false }])
    case 'attrib': {
      const text = 'Some real reply following the attribute'
      if (c.client.resp === 2) return text
      return {
        t: 'raw',
        bytes: `|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$${text.length}\r\n${text}\r\n`,
      }
    }
    case 'push':
      return { t: 'push', items: ['server-cpu-usage', 42] }
    case 'true':
      return { t: 'bool', value: true }
    case 'false':
      return { t: 'bool', value: false }
    case 'verbatim':
      return verbatim('This is a verbatim\nstring')
    case 'bignum':
      return { t: 'bigNumber', text: '1234567999999999999999999999999999999' }
    default:
      return fail(
        'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
      )
  }
}

/** C's atoi. */
const atoi = (arg: Bytes | undefined): number => Number.parseInt(arg ?? '0', 10) || 0

function populate(c: CommandContext, argv: readonly Bytes[]): Reply {
  const n = parsePositiveLongArg(argv[2], 'ERR value is out of range, must be positive')
  const size = argv.length > 4 ? parsePositiveLongArg(argv[4], 'ERR value is out of range, must be positive') : 0
  for (let i = 0; i < n; i++) {
    const key = `${argv[3] ?? 'key'}:${i}`
    if (c.lookupWrite(key)) continue
    const text = `value:${i}`
    c.add(key, createRawStringObject(size === 0 ? text : text.slice(0, size).padEnd(size, '\0')))
    c.signalModified(key)
  }
  return OK
}
function changeReplId(c: CommandContext): Reply {
  c.server.log('notice', 'Changing replication IDs after receiving change-repl-id')
  const master = (c.server.repl as { m?: { newReplid(): void; clearReplid2(): void } } | null)?.m
  master?.newReplid()
  master?.clearReplid2()
  return OK
}
function packedThreshold(c: CommandContext, argv: readonly Bytes[]): Reply {
  const bytes = parseMemory(argv[2] ?? '')
  if (bytes === null || bytes > 2n ** 32n - 2n ** 20n)
    return fail('ERR argument must be a memory value bigger than 1 and smaller than 4gb')
  c.config.listPacked.bytes = bytes === 0n ? PACKED_THRESHOLD : Number(bytes)
  return OK
}
/** The pools of clients by memory, from which maxmemory-clients takes the largest. */
function clientEviction(c: CommandContext): Reply {
  if (c.config.maxmemoryClients === 0) return fail('ERR maxmemory-clients is disabled.')
  const POOLS = 19
  const SMALLEST = 15
  const pools = Array.from({ length: POOLS }, () => ({ memory: 0, clients: 0 }))
  for (const x of c.server.clients.values()) {
    if (x === c.client || x.isReplica || x.isMaster) continue
    const memory = clientMemory(c.server, x)
    let at = 0
    while (at < POOLS - 1 && memory >= 2 ** (SMALLEST + at)) at++
    const pool = pools[at] as { memory: number; clients: number }
    pool.memory += memory
    pool.clients++
  }
  const pad = (n: number): string => String(n).padStart(10)
  return verbatim(
    pools
      .map(({ memory, clients }, i) => {
        const from = pad(i === 0 ? 0 : 2 ** (SMALLEST + i - 1))
        const to = i === POOLS - 1 ? '+            ' : ` - ${pad(2 ** (SMALLEST + i) - 1)}`
        return `bucket ${from}${to}: tot-mem: ${pad(memory)}, clients: ${clients}\n`
      })
      .join(''),
  )
}
function stringMatchTest(c: CommandContext): Reply {
  const alphabet = '*?[]-^ab\\'
  const word = (n: number): Bytes => Array.from({ length: c.rng.below(n) }, () => alphabet[c.rng.below(9)]).join('')
  let matches = 0
  for (let i = 0; i < 10000; i++) if (globMatch(word(32), word(32))) matches++
  return matches >= 0 ? status('Apparently Redis did not crash: test passed') : OK
}
function replyBuffer(c: CommandContext, argv: readonly Bytes[]): Reply | undefined {
  const { debug } = c.server
  if (equalsIgnoreCase(argv[2], 'peak-reset-time')) {
    if (equalsIgnoreCase(argv[3], 'never')) debug.replyBufferPeakResetMs = -1
    else if (equalsIgnoreCase(argv[3], 'reset')) debug.replyBufferPeakResetMs = 5000
    else debug.replyBufferPeakResetMs = parseLongArg(argv[3])
    return OK
  }
  if (!equalsIgnoreCase(argv[2], 'resizing')) return undefined
  debug.replyBufferResizing = atoi(argv[3]) !== 0
  return OK
}
/** The memory here is not jemalloc's: it has a version, and no integers to set. */
const mallctl = (argv: readonly Bytes[], text: boolean): Reply =>
  text && argv[2] === 'version' ? '5.3.0' : fail('ERR No such file or directory')
function rewriteAll(c: CommandContext): Reply {
  const failed = 'ERR CONFIG-REWRITE-FORCE-ALL failed: '
  if (c.config.configFile === '') return fail(`${failed}Bad address`)
  return answerLater(c, (answer) =>
    c.server.rewriteConfigFile(
      (error) => answer(error === null ? OK : { t: 'error', text: `${failed}${error}` }),
      true,
    ),
  )
}
const set01 =
  (apply: (c: CommandContext, value: number) => void): DebugHandler =>
  (c, argv) => {
    apply(c, atoi(argv[2]))
    return OK
  }

type DebugHandler = (c: CommandContext, argv: readonly Bytes[]) => Reply | undefined
/** How many words, name and all, at least and at most. */
type Row = readonly [min: number, max: number, DebugHandler]
const ANY = Number.POSITIVE_INFINITY
const subcommands: Readonly<Record<string, Row>> = {
  help: [2, 2, () => help('debug')],
  segfault: [2, ANY, segfault],
  panic: [2, ANY, panic],
  restart: [2, ANY, restart],
  'crash-and-recover': [2, ANY, restart],
  oom: [2, ANY, outOfMemory],
  assert: [2, ANY, assertion],
  log: [
    3,
    3,
    (c, argv) => {
      c.server.log('warning', `DEBUG LOG: ${argv[2]}`)
      return OK
    },
  ],
  leak: [3, 3, () => OK],
  reload: [2, ANY, reload],
  loadaof: [2, ANY, loadAof],
  'drop-cluster-packet-filter': [
    3,
    3,
    ({ server }, argv) => {
      const type = Number(parseLongArg(argv[2]))
      if (server.cluster !== null) server.cluster.dropPacketFilter = type
      return OK
    },
  ],
  object: [3, 3, debugObject],
  listpack: [3, 3, (c, argv) => printed(c, argv[2], 'listpack')],
  quicklist: [3, 4, (c, argv) => printed(c, argv[2], 'quicklist')],
  sdslen: [3, 3, sdsLen],
  populate: [3, 5, populate],
  digest: [2, 2, (c) => status(digestHex(datasetDigest(c.server.dbs)))],
  'digest-value': [
    2,
    ANY,
    (c, argv) =>
      argv.slice(2).map((k) => {
        const o = c.peek(k)
        return status(digestHex(o ? objectDigest(o, c.getExpire(k) !== -1) : EMPTY_DIGEST))
      }),
  ],
  protocol: [3, 3, (c, argv) => protocolReply(c, (argv[2] ?? '').toLowerCase())],
  sleep: [3, 3, sleep],
  'set-active-expire': [
    3,
    3,
    set01((c, n) => {
      c.server.activeExpireEnabled = n !== 0
    }),
  ],
  'quicklist-packed-threshold': [3, 3, packedThreshold],
  'set-skip-checksum-validation': [
    3,
    3,
    set01((c, n) => {
      c.server.debug.skipChecksumValidation = n !== 0
    }),
  ],
  'aof-flush-sleep': [
    3,
    3,
    set01((c, n) => {
      c.server.debug.aofFlushSleepMicros = n
    }),
  ],
  replicate: [
    3,
    ANY,
    (c, argv) => {
      c.server.repl?.feed(-1, argv.slice(2))
      return OK
    },
  ],
  error: [
    3,
    3,
    (c, argv) => {
      // Sent as it is: no statistics hear of it.
      c.client.addReply({ t: 'error', text: (argv[2] ?? '').replace(/[\r\n]/g, ' ') })
      return NO_REPLY
    },
  ],
  structsize: [2, 2, () => 'bits:64 robj:16 dictentry:24 sdshdr5:1 sdshdr8:3 sdshdr16:5 sdshdr32:9 sdshdr64:17 '],
  htstats: [3, 3, htStats],
  'htstats-key': [3, 3, htStatsKey],
  'change-repl-id': [2, 2, changeReplId],
  'stringmatch-test': [2, 2, stringMatchTest],
  'set-disable-deny-scripts': [
    3,
    3,
    set01((c, n) => {
      c.server.debug.disableDenyScripts = n !== 0
    }),
  ],
  'config-rewrite-force-all': [2, 2, rewriteAll],
  'client-eviction': [2, 2, clientEviction],
  mallctl: [3, 4, (_, argv) => mallctl(argv, false)],
  'mallctl-str': [3, 4, (_, argv) => mallctl(argv, true)],
  'pause-cron': [
    3,
    3,
    set01((c, n) => {
      c.server.pauseCron = n !== 0
    }),
  ],
  replybuffer: [4, 4, replyBuffer],
  clusterlink: [5, 5, (c, argv) => (equalsIgnoreCase(argv[2], 'kill') ? killClusterLink(c, argv) : undefined)],
}

/** DEBUG CLUSTERLINK KILL <to|from|all> <node-id> */
function killClusterLink({ client, server }: CommandContext, argv: readonly Bytes[]): Reply {
  const { cluster } = server
  if (cluster === null) return fail('ERR Debug option only available for cluster mode enabled setup!')
  const node = cluster.lookup(argv[4] as Bytes) ?? fail(`ERR Unknown node ${cText(argv[4])}`)
  const direction = (argv[3] as Bytes).toLowerCase()
  if (direction !== 'to' && direction !== 'from' && direction !== 'all') {
    // 7.0.15 says OK behind it.
    const text = `ERR Unknown direction ${cText(argv[3])}`
    countError(server, text)
    client.addReply({ t: 'error', text })
    return OK
  }
  if (direction !== 'from' && node.link !== null) server.clusterPart?.freeLink(cluster, node.link)
  if (direction !== 'to' && node.inboundLink !== null) server.clusterPart?.freeLink(cluster, node.inboundLink)
  return OK
}

function debug(c: CommandContext, argv: readonly Bytes[]): Reply {
  const name = (argv[1] ?? '').toLowerCase()
  const row = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  const reply = row && argv.length >= row[0] && argv.length <= row[1] ? row[2](c, argv) : undefined
  if (reply !== undefined) return reply
  const nul = (argv[1] ?? '').indexOf('\0')
  const shown = (nul === -1 ? (argv[1] ?? '') : (argv[1] ?? '').slice(0, nul)).slice(0, 128)
  return fail(`ERR unknown subcommand or wrong number of arguments for '${shown}'. Try DEBUG HELP.`)
}

export const debugCommands: readonly CommandImpl[] = [{ name: 'debug', handler: debug }]
