/** DEBUG's ways to end, hurt or reload the process. */
import type { Bytes } from '../../bytes/bytes.ts'
import { quoteBytes } from '../../bytes/quote.ts'
import { clientInfo } from '../../server/client-info.ts'
import { infoText } from '../../server/info.ts'
import { Database } from '../../keyspace/database.ts'
import { encodeSnapshot, loadRdbBytes } from '../../persistence/snapshot.ts'
import { NO_REPLY, OK, type Reply } from '../../protocol/reply.ts'
import type { Server } from '../../server/server.ts'
import { fail, parseLongArg } from '../args.ts'
import type { CommandContext } from '../command.ts'
import { answerLater } from './config.ts'

/** The report that a crashed redis-server leaves in its log, without what only a processor knows. */
function crash(c: CommandContext, words: readonly string[], code: number): Reply {
  const { server, client } = c
  const raw = (line: string): void => server.host.log(line)
  raw('')
  raw('')
  raw('=== REDIS BUG REPORT START: Cut & paste starting from here ===')
  for (const w of words) server.log('warning', w)
  for (const [title, text] of [
    ['INFO OUTPUT', infoText(server, ['everything'])],
    ['CLIENT LIST OUTPUT', [...server.clients.values()].map((x) => clientInfo(server, x)).join('\n')],
    ['CURRENT CLIENT INFO', `${clientInfo(server, client)}\nargv: ${client.argv.map(quoteBytes).join(' ')}`],
    ['MODULES INFO OUTPUT', ''],
  ] as const) {
    raw('')
    raw(`------ ${title} ------`)
    for (const line of text.split(/\r?\n/)) if (line !== '') raw(line)
  }
  raw('')
  raw('=== REDIS BUG REPORT END. Make sure to include from START to END. ===')
  raw('')
  raw('       Please report the crash by opening an issue on github:')
  raw('')
  raw('           http://github.com/redis/redis/issues')
  server.host.exit(code)
  return NO_REPLY
}
const RULER = '------------------------------------------------'
const FAILURE = '!!! Software Failure. Press left mouse button to continue'
const ABORTED = 134

export const segfault = (c: CommandContext): Reply =>
  crash(c, ['Redis 7.0.15 crashed by signal: 11, si_code: 2', 'Accessing address: 0x7f0000000000'], 139)
export function panic(c: CommandContext): Reply {
  const text = `Guru Meditation: DEBUG PANIC called at Unix time ${Math.floor(c.nowMs / 1000)} #debug.c:510`
  return crash(c, [RULER, FAILURE, text], ABORTED)
}
export function outOfMemory(c: CommandContext): Reply {
  const size = '9223372036854775807'
  c.server.log('warning', `Out Of Memory allocating ${size} bytes!`)
  const text = `Guru Meditation: Redis aborting for OUT OF MEMORY. Allocating ${size} bytes! #server.c:6658`
  return crash(c, [RULER, FAILURE, text], ABORTED)
}
export function assertion(c: CommandContext): Reply {
  const { argv } = c.client
  const words = [
    '=== ASSERTION FAILED CLIENT CONTEXT ===',
    'client->flags = 0',
    `client->conn = fd=${c.client.id + 5}`,
    `client->argc = ${argv.length}`,
    ...argv.map((a, i) => `client->argv[${i}] = ${quoteBytes(a)} (refcount: 1)`),
    '=== ASSERTION FAILED OBJECT CONTEXT ===',
    'Object type: 0',
    'Object encoding: 8',
    'Object refcount: 1',
    '=== ASSERTION FAILED ===',
    "==> debug.c:530 '1 == 2' is not true",
  ]
  return crash(c, words, ABORTED)
}
/** RESTART and CRASH-AND-RECOVER execute the program's file again. Here there is none, as where it may not be executed. */
export function restart(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length >= 3) parseLongArg(argv[2])
  const { server } = c
  const path = `${server.host.env.cwd.replace(/\/$/, '')}/redis-server`
  server.log('warning', `Can't restart: this process has no permissions to execute ${path}`)
  return fail('ERR failed to restart the server. Check server logs.')
}
/** Without an append-only file there is nothing to load, and the server ends. */
export function loadAof(c: CommandContext): Reply {
  c.server.host.exit(1)
  return NO_REPLY
}
export function sleep(c: CommandContext, argv: readonly Bytes[]): Reply {
  const seconds = Number.parseFloat(argv[2] ?? '')
  if (!(seconds > 0)) return OK
  // In a world it is work that takes virtual time; on real hardware the server really stands still.
  const { clock } = c.server.env
  const end = clock === undefined ? 0 : clock() + seconds * 1000000
  if (clock === undefined) c.work(Math.floor(seconds * 1000000))
  else while (clock() < end);
  return OK
}

const LOAD_FAILED = 'ERR Error trying to load the RDB dump, check server logs'
interface ReloadOptions {
  save: boolean
  flush: boolean
  merge: boolean
}
/** Load the bytes; with NOFLUSH what was there stays, and MERGE says who wins. An error's text, or null. */
function load(s: Server, bytes: Bytes, o: ReloadOptions): string | null {
  if (o.flush) {
    for (const db of s.dbs) db.empty()
    return loadRdbBytes(s, bytes)
  }
  const before = s.dbs.map((db) => {
    const kept = new Database(db.id, db.seed, db.slotKeys !== null)
    kept.swapWith(db)
    return kept
  })
  const error = loadRdbBytes(s, bytes)
  for (const [i, kept] of before.entries()) {
    const db = s.dbs[i] as Database
    kept.dict.forEach((key, value) => {
      if (db.dict.has(key)) {
        if (!o.merge) fatalDuplicate(s, key, i)
        return
      }
      db.put(key, value)
      const at = kept.getExpire(key)
      if (at !== -1) db.setExpire(key, at)
    })
  }
  return error
}
function fatalDuplicate(s: Server, key: Bytes, dbid: number): void {
  if (s.host.exited) return
  s.log('warning', `RDB has duplicated key '${key}' in DB ${dbid}`)
  s.log('warning', 'Terminating server after rdb file reading failure.')
  s.host.exit(1)
}

/** DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE] */
export function reload(c: CommandContext, argv: readonly Bytes[]): Reply {
  const o: ReloadOptions = { save: true, flush: true, merge: false }
  for (const a of argv.slice(2)) {
    const w = a.toLowerCase()
    if (w === 'merge') o.merge = true
    else if (w === 'noflush') o.flush = false
    else if (w === 'nosave') o.save = false
    else fail('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.')
  }
  const { server } = c
  const { rdb } = server
  if (rdb?.reload === undefined) return fail(LOAD_FAILED)
  const done = (error: string | null): Reply => {
    if (error === null) {
      server.log('warning', 'DB reloaded by DEBUG RELOAD')
      return OK
    }
    server.log('warning', error)
    return { t: 'error', text: LOAD_FAILED }
  }
  if (o.save && o.flush) return done(rdb.reload())
  if (o.save) return done(load(server, encodeSnapshot(server), o))
  return answerLater(c, (answer) =>
    server.host.file({ op: 'read', path: c.config.dbfilename }, (r) =>
      answer(done(r.ok ? load(server, r.bytes ?? '', o) : `Error opening the RDB file ${c.config.dbfilename}`)),
    ),
  )
}
