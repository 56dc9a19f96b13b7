/**
 * MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key ...]: the keys travel as
 * RESTORE commands to another server, and what it took is deleted here.
 *
 *   connect ─▶ AUTH, SELECT, RESTORE ... in one piece ─▶ replies in their order ─▶ DEL of what arrived
 *
 * Simplified: redis-server stands still until it is over; here the client waits, others are served, and connections are not kept.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { createDumpPayload } from '../../persistence/dump.ts'
import { OK, type Reply, status } from '../../protocol/reply.ts'
import { type ParsedReply, ReplyParser } from '../../protocol/reply-parser.ts'
import { encodeCommand } from '../../protocol/reply-writer.ts'
import { fail, parseLongArg, syntaxError, word } from '../args.ts'
import { notifyKeyspaceEvent } from '../../keyspace/notify.ts'
import type { CommandContext, Handler } from '../command.ts'
import { answerLater } from '../server/config.ts'

interface Request {
  readonly host: Bytes
  readonly port: Bytes
  readonly keys: readonly Bytes[]
  readonly dbid: number
  readonly timeoutMs: number
  copy: boolean
  replace: boolean
  auth: Bytes[] | null
}

function parse(argv: readonly Bytes[]): Request {
  let keys: readonly Bytes[] = [argv[3]!]
  let [copy, replace] = [false, false]
  let auth: Bytes[] | null = null
  for (let i = 6; i < argv.length; i++) {
    const more = argv.length - 1 - i
    const option = word(argv[i])
    if (option === 'copy') copy = true
    else if (option === 'replace') replace = true
    else if (option === 'auth' && more >= 1) auth = ['AUTH', argv[++i]!]
    else if (option === 'auth2' && more >= 2) {
      auth = ['AUTH', argv[i + 1]!, argv[i + 2]!]
      i += 2
    } else if (option === 'keys') {
      if (argv[3] !== '') fail('ERR When using MIGRATE KEYS option, the key argument must be set to the empty string')
      keys = argv.slice(i + 1)
      break
    } else syntaxError()
  }
  const timeout = parseLongArg(argv[5])
  const dbid = parseLongArg(argv[4])
  return { host: argv[1]!, port: argv[2]!, keys, dbid, timeoutMs: timeout <= 0 ? 1000 : timeout, copy, replace, auth }
}

/** The requests to send; `moved` names what the RESTOREs carry. */
function requests(c: CommandContext, q: Request): { text: Bytes; before: number; moved: Bytes[] } {
  const head: Bytes[][] = [...(q.auth ? [q.auth] : []), ['SELECT', `${q.dbid}`]]
  const moved: Bytes[] = []
  let text = head.map(encodeCommand).join('')
  for (const key of q.keys) {
    const o = c.lookupRead(key)
    if (!o) continue
    const at = c.getExpire(key)
    if (at !== -1 && at < c.nowMs) continue
    const ttl = at === -1 ? 0 : Math.max(1, at - c.nowMs)
    const payload = createDumpPayload(o, c.config.rdbcompression)
    text += encodeCommand(['RESTORE', key, `${ttl}`, payload, ...(q.replace ? ['REPLACE'] : [])])
    moved.push(key)
  }
  return { text, before: head.length, moved }
}

const errorOf = (r: ParsedReply): Bytes | null =>
  typeof r === 'object' && r !== null && 't' in r && r.t === 'error' ? r.text : null

/** Delete here what the other side took, as if DEL had been called. */
function forget(c: CommandContext, dbid: number, keys: readonly Bytes[]): void {
  const { server, client } = c
  const db = server.dbs[dbid]!
  const gone = keys.filter((key) => db.remove(key) !== undefined)
  if (gone.length === 0) return
  for (const key of gone) {
    server.signalModifiedKey(client, db, key)
    notifyKeyspaceEvent(server, 'g', 'del', key, dbid)
  }
  server.dirty += gone.length
  server.alsoPropagate(dbid, ['DEL', ...gone])
  server.propagatePending()
}

export const migrate: Handler = (c, argv) => {
  const q = parse(argv)
  if (!q.keys.some((key) => c.lookupRead(key) !== undefined)) return status('NOKEY')
  const { text, before, moved } = requests(c, q)
  const { server } = c
  const dbid = c.db.id
  return answerLater(c, (answer) => {
    let state: 'connecting' | 'talking' | 'over' = 'connecting'
    let heard = 0
    let refusal: Bytes | null = null
    const taken: Bytes[] = []
    const parser = new ReplyParser()
    const end = (reply: Reply): void => {
      if (state === 'over') return
      state = 'over'
      server.host.cancel(timer)
      link.close()
      if (!q.copy) forget(c, dbid, taken)
      answer(reply)
    }
    const failed = (): void =>
      end({
        t: 'error',
        text:
          state === 'connecting'
            ? 'IOERR error or timeout connecting to the client'
            : 'IOERR error or timeout reading to target instance',
      })
    const link = server.host.connect(q.host, Number.parseInt(q.port, 10) || 0, {
      opened() {
        state = 'talking'
        link.send(text)
      },
      refused: failed,
      closed: failed,
      data(bytes) {
        parser.feed(bytes)
        for (let r = parser.next(); r !== undefined; r = parser.next(), heard++) {
          const error = errorOf(r)
          if (error !== null) refusal ??= error
          else if (heard >= before) taken.push(moved[heard - before]!)
          if (heard + 1 < before + moved.length) continue
          return end(refusal === null ? OK : { t: 'error', text: `ERR Target instance replied with error: ${refusal}` })
        }
      },
    })
    const timer = server.host.after(q.timeoutMs, failed)
  })
}
