/** CLIENT: who is connected, how it is called, what it may be told, and how to end it. */
import { type Bytes, own } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { map, NO_REPLY, OK, RedisError, type Reply, set, SYNTAX_ERROR, verbatim } from '../../protocol/reply.ts'
import { timeoutClient, unblockClient } from '../../server/blocked.ts'
import { countError } from '../../server/call.ts'
import type { Client } from '../../server/client.ts'
import { clientInfo } from '../../server/client-info.ts'
import type { User } from '../../server/acl-user.ts'
import { unpauseClients } from '../../server/pause.ts'
import type { Server } from '../../server/server.ts'
import type { CommandImpl, Handler } from '../command.ts'

export { clientInfo }

export function setClientName(c: Client, name: Bytes): void {
  for (let i = 0; i < name.length; i++) {
    const ch = name.charCodeAt(i)
    if (ch < 33 || ch > 126)
      throw new RedisError('ERR Client names cannot contain spaces, newlines or special characters.')
  }
  c.name = own(name)
}
export function disableTracking(server: Server, c: Client): void {
  server.tracking.disable(c)
}

const TYPES: Readonly<Record<string, string>> = {
  normal: 'normal',
  slave: 'replica',
  replica: 'replica',
  pubsub: 'pubsub',
  master: 'master',
}
const typeOf = (c: Client): string =>
  c.isMaster ? 'master' : c.isReplica && !c.isMonitor ? 'replica' : c.isPubsub ? 'pubsub' : 'normal'
function typeArg(arg: Bytes): string {
  const t = TYPES[arg.toLowerCase()]
  if (t === undefined) throw new RedisError(`ERR Unknown client type '${arg}'`)
  return t
}
function idArg(arg: Bytes | undefined, error: string): number {
  const id = parseInt64(arg ?? '')
  if (typeof id !== 'number' || id < 1) throw new RedisError(error)
  return id
}

const list: Handler = ({ server }, argv) => {
  let clients = [...server.clients.values()]
  const opt = argv[2]?.toLowerCase()
  if (argv.length === 4 && opt === 'type') {
    const type = typeArg(argv[3] as Bytes)
    clients = clients.filter((c) => typeOf(c) === type)
  } else if (argv.length > 3 && opt === 'id') {
    const ids = argv.slice(3).map((a) => parseInt64(a))
    if (ids.includes(null)) throw new RedisError('ERR Invalid client ID')
    clients = ids.flatMap((id) => server.clients.get(Number(id)) ?? [])
  } else if (argv.length !== 2) throw new RedisError(SYNTAX_ERROR)
  return verbatim(clients.map((c) => `${clientInfo(server, c)}\n`).join(''))
}

const kill: Handler = ({ server, client }, argv) => {
  const old = argv.length === 3
  let addr: Bytes | null = old ? (argv[2] as Bytes) : null
  let laddr: Bytes | null = null
  let user: User | null = null
  let type: string | null = null
  let id = 0
  let skipMe = !old
  for (let i = 2; !old && i < argv.length; i += 2) {
    const value = argv[i + 1]
    const opt = argv[i]?.toLowerCase()
    if (value === undefined) throw new RedisError(SYNTAX_ERROR)
    if (opt === 'id') id = idArg(value, 'ERR client-id should be greater than 0')
    else if (opt === 'type') type = typeArg(value)
    else if (opt === 'addr') addr = value
    else if (opt === 'laddr') laddr = value
    else if (opt === 'user') {
      user = server.acl.users.get(value) ?? null
      if (user === null) throw new RedisError(`ERR No such user '${value}'`)
    } else if (opt === 'skipme' && /^(yes|no)$/i.test(value)) skipMe = value.toLowerCase() === 'yes'
    else throw new RedisError(SYNTAX_ERROR)
  }
  let killed = 0
  for (const c of [...server.clients.values()]) {
    if (addr !== null && c.addr !== addr) continue
    if (laddr !== null && c.laddr !== laddr) continue
    if (type !== null && typeOf(c) !== type) continue
    if (id !== 0 && c.id !== id) continue
    if (user !== null && c.user !== user) continue
    if (c === client && skipMe) continue
    killed++
    if (c === client) c.closeAfterReply = true
    else {
      c.dropOutput = true
      server.freeClient(c)
    }
  }
  if (!old) return killed
  if (killed === 0) throw new RedisError('ERR No such client')
  return OK
}
const wrongNumber = (argv: readonly Bytes[]): never => {
  throw new RedisError(
    `ERR unknown subcommand or wrong number of arguments for '${(argv[1] ?? '').slice(0, 128)}'. Try CLIENT HELP.`,
  )
}
const pause: Handler = ({ server }, argv) => {
  if (argv.length > 4) wrongNumber(argv)
  const mode = argv[3]?.toLowerCase()
  if (mode !== undefined && mode !== 'write' && mode !== 'all')
    throw new RedisError('ERR CLIENT PAUSE mode must be WRITE or ALL')
  const ms = parseInt64(argv[2] as Bytes)
  if (ms === null) throw new RedisError('ERR timeout is not an integer or out of range')
  if (ms < 0) throw new RedisError('ERR timeout is negative')
  // The end of an enormous pause is beyond 64 bits, which makes it lie in the past.
  const end = BigInt.asIntN(64, BigInt(ms) + BigInt(server.nowMs))
  server.pauseClients(ms === 0 ? 0 : Number(end), mode === 'write' ? 'write' : 'all')
  return OK
}
const reply: Handler = ({ client }, argv) => {
  const mode = argv[2]?.toLowerCase()
  if (mode === 'on') {
    client.replyOff = client.replySkip = false
    return OK
  }
  if (mode === 'off') client.replyOff = true
  else if (mode === 'skip') {
    if (!client.replyOff) client.replySkipNext = true
  } else throw new RedisError(SYNTAX_ERROR)
  return NO_REPLY
}
const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK'
const unblock: Handler = ({ server }, argv) => {
  const how = argv[3]?.toLowerCase() ?? 'timeout'
  if (argv.length > 4) wrongNumber(argv)
  if (how !== 'timeout' && how !== 'error') throw new RedisError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')
  const id = parseInt64(argv[2] as Bytes)
  if (id === null) throw new RedisError('ERR value is not an integer or out of range')
  const c = server.clients.get(Number(id))
  if (!c?.blocked) return 0
  if (c.blocked.kind === 'postpone') {
    // Held back by CLIENT PAUSE: told, and held back again. Without ERROR 7.0.15 panics; here nothing happens.
    if (how !== 'error') return 0
    c.addReply({ t: 'error', text: UNBLOCKED })
    c.postponed = c.blocked.argv
    unblockClient(server, c)
    return 1
  }
  // Either way the command that waited has failed; the error is one of CLIENT UNBLOCK's own, too.
  c.blocked.command.failedCalls++
  if (how === 'error') {
    c.addReply({ t: 'error', text: UNBLOCKED })
    countError(server, UNBLOCKED)
    const own = server.table.byFullName('client|unblock')
    if (own) own.failedCalls++
    unblockClient(server, c)
  } else timeoutClient(server, c)
  return 1
}
const noEvict: Handler = ({ client }, argv) => {
  const mode = argv[2]?.toLowerCase()
  if (mode !== 'on' && mode !== 'off') throw new RedisError(SYNTAX_ERROR)
  client.noEvict = mode === 'on'
  return OK
}

const tracking: Handler = ({ server, client }, argv) => {
  const t = {
    on: true,
    bcast: false,
    optin: false,
    optout: false,
    noloop: false,
    caching: false,
    brokenRedirect: false,
    redirect: 0,
    prefixes: [] as Bytes[],
  }
  for (let j = 3; j < argv.length; j++) {
    const opt = (argv[j] as Bytes).toLowerCase()
    const value = argv[j + 1]
    if (opt === 'redirect' && value !== undefined) {
      j++
      if (t.redirect !== 0) throw new RedisError('ERR A client can only redirect to a single other client')
      const id = parseInt64(value)
      if (typeof id !== 'number') throw new RedisError('ERR value is not an integer or out of range')
      if (!server.clients.has(id)) throw new RedisError('ERR The client ID you want redirect to does not exist')
      t.redirect = id
    } else if (opt === 'bcast') t.bcast = true
    else if (opt === 'optin') t.optin = true
    else if (opt === 'optout') t.optout = true
    else if (opt === 'noloop') t.noloop = true
    else if (opt === 'prefix' && value !== undefined) t.prefixes.push(own(argv[++j] as Bytes))
    else throw new RedisError(SYNTAX_ERROR)
  }
  const mode = argv[2]?.toLowerCase()
  if (mode === 'off') {
    disableTracking(server, client)
    return OK
  }
  if (mode !== 'on') throw new RedisError(SYNTAX_ERROR)
  if (!t.bcast && t.prefixes.length > 0) throw new RedisError('ERR PREFIX option requires BCAST mode to be enabled')
  const before = client.tracking
  if (before !== null && before.bcast !== t.bcast) {
    throw new RedisError(
      "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
    )
  }
  if (t.bcast && (t.optin || t.optout)) throw new RedisError('ERR OPTIN and OPTOUT are not compatible with BCAST')
  if (t.optin && t.optout) throw new RedisError("ERR You can't specify both OPTIN mode and OPTOUT mode")
  if (before !== null && ((t.optin && before.optout) || (t.optout && before.optin))) {
    throw new RedisError(
      "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
    )
  }
  if (t.bcast) checkPrefixes(client, t.prefixes, before?.prefixes ?? [])
  server.tracking.enable(client, t)
  return OK
}
/**
 * Prefixes of one client may not cover each other: it would be told twice. 7.0.15 complains, but stops only when it is the
 * first of those that are given: behind a later complaint there is an OK as well.
 */
function checkPrefixes(client: Client, prefixes: readonly Bytes[], existing: readonly Bytes[]): void {
  const overlap = (a: Bytes, b: Bytes): boolean => a.startsWith(b) || b.startsWith(a)
  for (let i = 0; i < prefixes.length; i++) {
    const p = prefixes[i] as Bytes
    const old = existing.find((e) => overlap(e, p))
    if (old !== undefined)
      throw new RedisError(
        `ERR Prefix '${p}' overlaps with an existing prefix '${old}'. Prefixes for a single client must not overlap.`,
      )
    const other = prefixes.slice(i + 1).find((q) => overlap(p, q))
    if (other === undefined) continue
    const text = `ERR Prefix '${p}' overlaps with another provided prefix '${other}'. Prefixes for a single client must not overlap.`
    if (i === 0) throw new RedisError(text)
    countError(client.server, text)
    client.addReply({ t: 'error', text })
    return
  }
}
const caching: Handler = ({ client }, argv) => {
  const t = client.tracking
  if (t === null || !t.on)
    throw new RedisError(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    )
  const mode = argv[2]?.toLowerCase()
  if (mode === 'yes') {
    if (!t.optin) throw new RedisError('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.')
  } else if (mode === 'no') {
    if (!t.optout) throw new RedisError('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.')
  } else throw new RedisError(SYNTAX_ERROR)
  t.caching = true
  return OK
}
const trackingInfo: Handler = ({ client }) => {
  const t = client.tracking
  const flags: Bytes[] = [t ? 'on' : 'off']
  if (t?.bcast) flags.push('bcast')
  if (t?.optin) flags.push('optin', ...(t.caching ? ['caching-yes'] : []))
  if (t?.optout) flags.push('optout', ...(t.caching ? ['caching-no'] : []))
  if (t?.noloop) flags.push('noloop')
  if (t?.brokenRedirect) flags.push('broken_redirect')
  return map(['flags', set(flags), 'redirect', t ? t.redirect : -1, 'prefixes', t ? t.prefixes : []])
}

const HELP = [
  'CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CACHING (YES|NO)',
  '    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.',
  'GETREDIR',
  '    Return the client ID we are redirecting to when tracking is enabled.',
  'GETNAME',
  '    Return the name of the current connection.',
  'ID',
  '    Return the ID of the current connection.',
  'INFO',
  '    Return information about the current client connection.',
  'KILL <ip:port>',
  '    Kill connection made from <ip:port>.',
  'KILL <option> <value> [<option> <value> [...]]',
  '    Kill connections. Options are:',
  '    * ADDR (<ip:port>|<unixsocket>:0)',
  '      Kill connections made from the specified address',
  '    * LADDR (<ip:port>|<unixsocket>:0)',
  '      Kill connections made to specified local address',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Kill connections by type.',
  '    * USER <username>',
  '      Kill connections authenticated by <username>.',
  '    * SKIPME (YES|NO)',
  '      Skip killing current connection (default: yes).',
  'LIST [options ...]',
  '    Return information about client connections. Options:',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Return clients of specified type.',
  'UNPAUSE',
  '    Stop the current client pause, resuming traffic.',
  'PAUSE <timeout> [WRITE|ALL]',
  '    Suspend all, or just write, clients for <timeout> milliseconds.',
  'REPLY (ON|OFF|SKIP)',
  '    Control the replies sent to the current connection.',
  'SETNAME <name>',
  '    Assign the name <name> to the current connection.',
  'UNBLOCK <clientid> [TIMEOUT|ERROR]',
  '    Unblock the specified blocked client.',
  'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
  '         [OPTIN] [OPTOUT] [NOLOOP]',
  '    Control server assisted client side caching.',
  'TRACKINGINFO',
  '    Report tracking status for the current connection.',
  'NO-EVICT (ON|OFF)',
  '    Protect current client connection from eviction.',
  'HELP',
  '    Prints this help.',
]

export const clientCommands: readonly CommandImpl[] = [
  { name: 'client|id', handler: ({ client }) => client.id },
  { name: 'client|info', handler: ({ server, client }) => verbatim(`${clientInfo(server, client)}\n`) },
  { name: 'client|list', handler: list },
  { name: 'client|kill', handler: kill },
  { name: 'client|getname', handler: ({ client }) => (client.name === '' ? null : client.name) },
  { name: 'client|setname', handler: ({ client }, argv) => (setClientName(client, argv[2] as Bytes), OK) },
  { name: 'client|pause', handler: pause },
  { name: 'client|unpause', handler: ({ server }) => (unpauseClients(server, 'client'), OK) },
  { name: 'client|reply', handler: reply },
  { name: 'client|unblock', handler: unblock },
  { name: 'client|no-evict', handler: noEvict },
  { name: 'client|getredir', handler: ({ client }) => client.tracking?.redirect ?? -1 },
  { name: 'client|tracking', handler: tracking },
  { name: 'client|caching', handler: caching },
  { name: 'client|trackinginfo', handler: trackingInfo },
  { name: 'client|help', handler: () => HELP.map((text): Reply => ({ t: 'status', text })) },
]
