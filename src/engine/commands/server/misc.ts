/** The server's own small commands. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { map, OK, type Reply, verbatim } from '../../protocol/reply.ts'
import { infoText } from '../../server/info.ts'
import { memoryUsage } from '../../inspect/memory.ts'
import { equalsIgnoreCase, fail, parseLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import facts from '../facts.json' with { type: 'json' }
import { help } from './config.ts'
import { admin } from './port.ts'

function flushFlags(argv: readonly Bytes[]): void {
  if (argv.length > 2 || (argv.length === 2 && !equalsIgnoreCase(argv[1], 'sync') && !equalsIgnoreCase(argv[1], 'async'))) syntaxError()
}
function flushDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  flushFlags(argv)
  for (const key of c.db.watchedKeys.keys()) if (c.db.find(key)) c.signalModified(key)
  c.dirty(c.db.empty())
  c.dirty()
  return OK
}
function flushAll(c: CommandContext, argv: readonly Bytes[]): Reply {
  flushFlags(argv)
  const s = admin(c)
  for (const db of s.dbs) {
    for (const [key, clients] of db.watchedKeys) if (db.find(key)) for (const w of clients) w.dirtyCas = true
    c.dirty(db.empty())
  }
  s.rdb?.killChild()
  s.rdb?.onFlushAll?.()
  c.dirty()
  return OK
}
function swapDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  const index = (arg: Bytes | undefined, which: string): number => {
    const n = parseInt64(arg ?? '')
    return typeof n === 'number' ? n : fail(`ERR invalid ${which} DB index`)
  }
  const [a, b] = [index(argv[1], 'first'), index(argv[2], 'second')]
  const { dbs } = admin(c)
  const [x, y] = [dbs[a], dbs[b]]
  if (!x || !y) return fail('ERR DB index is out of range')
  if (x !== y) {
    for (const db of [x, y]) for (const [key, clients] of db.watchedKeys) if (x.find(key) || y.find(key)) for (const w of clients) w.dirtyCas = true
    x.swapWith(y)
  }
  c.dirty()
  return OK
}
function shutdown(c: CommandContext, argv: readonly Bytes[]): Reply {
  const flags = { save: false, nosave: false, now: false, force: false }
  let abort = false
  for (const a of argv.slice(1)) {
    const w = a.toLowerCase()
    if (w === 'save' || w === 'nosave' || w === 'now' || w === 'force') flags[w] = true
    else if (w === 'abort') abort = true
    else syntaxError()
  }
  if ((abort && argv.length > 2) || (flags.save && flags.nosave)) syntaxError()
  const s = admin(c)
  if (abort) return s.abortShutdown?.() ? OK : fail('ERR No shutdown in progress.')
  if (s.shutdown) s.shutdown({ now: flags.now, force: flags.force, ...(flags.save ? { save: true } : flags.nosave ? { save: false } : {}) })
  else s.host.exit(0)
  return { t: 'none' }
}
function memoryUsageCommand(c: CommandContext, argv: readonly Bytes[]): Reply {
  let samples = 5
  for (let i = 3; i < argv.length; i += 2) {
    if (!equalsIgnoreCase(argv[i], 'samples') || i + 1 >= argv.length) syntaxError()
    samples = parseLongArg(argv[i + 1], 0)
  }
  const key = argv[2] ?? ''
  const o = c.peek(key)
  return o ? memoryUsage(key, o, samples) : null
}
const allowed = (name: string): readonly string[] => (facts as unknown as Readonly<Record<string, { acl: readonly string[] }>>)[name]?.acl ?? []
const CATEGORIES = 'keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting'.split(' ')
function aclCat(argv: readonly Bytes[]): Reply {
  if (argv.length === 2) return CATEGORIES
  const name = (argv[2] ?? '').toLowerCase()
  if (!CATEGORIES.includes(name)) fail(`ERR Unknown category '${argv[2]}'`)
  return Object.keys(facts).filter((n) => allowed(n).includes(`@${name}`))
}
function genPass(c: CommandContext, argv: readonly Bytes[]): Reply {
  const bits = argv.length === 3 ? parseLongArg(argv[2]) : 256
  if (bits <= 0 || bits > 4096) fail('ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096')
  return c.rng.hex(Math.ceil(bits / 4))
}
const DOCTOR_EMPTY = "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"
const LATENCY_OFF = "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"

export const miscCommands: readonly CommandImpl[] = [
  { name: 'info', handler: (c, argv) => verbatim(infoText(admin(c), argv.slice(1))) },
  { name: 'time', handler: (c) => { const now = admin(c).host.now; return [`${Math.floor(now / 1000000)}`, `${now % 1000000}`] } },
  { name: 'dbsize', handler: (c) => c.db.size },
  { name: 'flushdb', handler: flushDb },
  { name: 'flushall', handler: flushAll },
  { name: 'swapdb', handler: swapDb },
  { name: 'shutdown', handler: shutdown },
  { name: 'lolwut', handler: () => verbatim('Redis ver. 7.0.15\n') },
  {
    name: 'monitor',
    handler: (c) => {
      if (c.client.denyBlocking) fail("ERR MONITOR isn't allowed for DENY BLOCKING client")
      c.client.isMonitor = true
      const s = admin(c)
      if (s.addMonitor) s.addMonitor(c.client)
      else s.monitors?.add(c.client)
      return OK
    },
  },
  { name: 'memory|usage', handler: memoryUsageCommand },
  { name: 'memory|doctor', handler: () => verbatim(DOCTOR_EMPTY) },
  { name: 'memory|purge', handler: () => OK },
  { name: 'memory|help', handler: () => help('memory') },
  { name: 'latency|doctor', handler: () => verbatim(LATENCY_OFF) },
  { name: 'latency|histogram', handler: () => map([]) },
  { name: 'acl|whoami', handler: (c) => c.client.user },
  { name: 'acl|users', handler: () => ['default'] },
  { name: 'acl|cat', handler: (_, argv) => aclCat(argv) },
  { name: 'acl|genpass', handler: genPass },
  { name: 'acl|help', handler: () => help('acl') },
]
