/** XGROUP and XACK. */
import { type Bytes, own } from '../../bytes/bytes.ts'
import type { Int64 } from '../../bytes/numbers.ts'
import { createGroup, lookupGroup, UNKNOWN } from '../../objects/stream-group.ts'
import { encodeId, MIN_ID, type StreamId } from '../../objects/stream-id.ts'
import { createStreamObject, type Stream, streamOf } from '../../objects/stream.ts'
import { OK, status } from '../../protocol/reply.ts'
import { signalKeyAsReady } from '../../server/blocked.ts'
import { fail, parseIntArg, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { cString, looseId, strictId } from './args.ts'
import { createConsumer } from './propagate.ts'

const MUST_EXIST =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.'

export function unknownSubcommand(argv: readonly Bytes[]): never {
  fail(
    `ERR unknown subcommand or wrong number of arguments for '${cString(argv[1]!).slice(0, 128)}'. Try ${cString(argv[0]!).toUpperCase()} HELP.`,
  )
}

/** [MKSTREAM] [ENTRIESREAD n] from argv[5] on. */
function groupOptions(argv: readonly Bytes[], create: boolean): { mkstream: boolean; entriesRead: Int64 } {
  let mkstream = false
  let entriesRead: Int64 = UNKNOWN
  for (let i = 5; i < argv.length; ) {
    const option = word(argv[i])
    if (create && option === 'mkstream') {
      mkstream = true
      i++
    } else if (option === 'entriesread' && i + 1 < argv.length) {
      entriesRead = parseIntArg(argv[i + 1])
      if (entriesRead < 0 && entriesRead !== UNKNOWN) fail('ERR value for ENTRIESREAD must be positive or -1')
      i += 2
    } else unknownSubcommand(argv)
  }
  return { mkstream, entriesRead }
}
const lookup = (c: CommandContext, key: Bytes): Stream | undefined => {
  const o = c.lookupWriteOf(key, 'stream')
  return o === undefined ? undefined : streamOf(o)
}
function existing(c: CommandContext, argv: readonly Bytes[], mustHaveGroup: boolean) {
  const s = lookup(c, argv[2]!) ?? fail(MUST_EXIST)
  const group = lookupGroup(s, argv[3]!)
  if (group === undefined && mustHaveGroup)
    fail(`NOGROUP No such consumer group '${cString(argv[3]!)}' for key name '${cString(argv[2]!)}'`)
  return { s, group }
}

const create: Handler = (c, argv) => {
  const { mkstream, entriesRead } = groupOptions(argv, true)
  const key = argv[2]!
  let s = lookup(c, key)
  if (s === undefined && !mkstream) fail(MUST_EXIST)
  if (argv.length > 8) unknownSubcommand(argv)
  let id: StreamId
  if (cString(argv[4]!) === '$') id = s?.lastId ?? MIN_ID
  else id = strictId(argv[4]!)
  if (s === undefined) {
    const o = createStreamObject()
    s = streamOf(o)
    c.add(key, o)
    c.signalModified(key)
  }
  if (createGroup(s, own(argv[3]!), id, entriesRead) === undefined) fail('BUSYGROUP Consumer Group name already exists')
  c.dirty()
  c.replied()
  c.notify('t', 'xgroup-create', key)
  return OK
}

const setId: Handler = (c, argv) => {
  const { entriesRead } = groupOptions(argv, false)
  const { s, group } = existing(c, argv, true)
  if (argv.length !== 5 && argv.length !== 7) unknownSubcommand(argv)
  group!.lastId = cString(argv[4]!) === '$' ? s.lastId : looseId(argv[4]!)
  group!.entriesRead = entriesRead
  c.dirty()
  c.replied()
  c.notify('t', 'xgroup-setid', argv[2]!)
  return OK
}

const destroy: Handler = (c, argv) => {
  const key = argv[2]!
  const { s, group } = existing(c, argv, false)
  if (group === undefined) return 0
  s.groups?.delete(argv[3]!)
  c.dirty()
  c.replied()
  c.notify('t', 'xgroup-destroy', key)
  // Who waits on the group must hear of it.
  signalKeyAsReady(c.server, c.db, key)
  return 1
}

const addConsumer: Handler = (c, argv) => {
  const { group } = existing(c, argv, true)
  return createConsumer(c, argv[2]!, group!, own(argv[4]!)) === undefined ? 0 : 1
}

const delConsumer: Handler = (c, argv) => {
  const { group } = existing(c, argv, true)
  const consumer = group!.consumers.get(argv[4]!)
  if (consumer === undefined) return 0
  const pending = consumer.pel.size
  group!.deleteConsumer(consumer)
  c.notify('t', 'xgroup-delconsumer', argv[2]!)
  c.dirty()
  return pending
}

const xack: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'stream')
  const group = o === undefined ? undefined : lookupGroup(streamOf(o), argv[2]!)
  if (group === undefined) return 0
  const ids = argv.slice(3).map((arg) => encodeId(strictId(arg)))
  c.db.touchForWrite(argv[1]!)
  let acknowledged = 0
  for (const id of ids) {
    const nack = group.pel.get(id)
    if (nack === undefined) continue
    group.acknowledge(id, nack)
    acknowledged++
    c.dirty()
  }
  return acknowledged
}

const HELP = [
  'XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CREATE <key> <groupname> <id|$> [option]',
  '    Create a new consumer group. Options are:',
  '    * MKSTREAM',
  '      Create the empty stream if it does not exist.',
  '    * ENTRIESREAD entries_read',
  "      Set the group's entries_read counter (internal use).",
  'CREATECONSUMER <key> <groupname> <consumer>',
  '    Create a new consumer in the specified group.',
  'DELCONSUMER <key> <groupname> <consumer>',
  '    Remove the specified consumer.',
  'DESTROY <key> <groupname>',
  '    Remove the specified group.',
  'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
  '    Set the current group ID and entries_read counter.',
  'HELP',
  '    Prints this help.',
]
const help: Handler = () => HELP.map(status)

export const groupCommands: readonly CommandImpl[] = [
  { name: 'xgroup|create', handler: create },
  { name: 'xgroup|setid', handler: setId },
  { name: 'xgroup|destroy', handler: destroy },
  { name: 'xgroup|createconsumer', handler: addConsumer },
  { name: 'xgroup|delconsumer', handler: delConsumer },
  { name: 'xgroup|help', handler: help },
  { name: 'xack', handler: xack },
]
