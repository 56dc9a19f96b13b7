/** ACL: users, what they may do, and what was refused. */
import type { Bytes } from '../../bytes/bytes.ts'
import { double, map, OK, type Reply, set } from '../../protocol/reply.ts'
import { aclCheck } from '../../server/acl-check.ts'
import { CATEGORIES } from '../../server/acl-commands.ts'
import { loadAclFile, saveAclFile } from '../../server/acl-file.ts'
import { hasSpaces, type Selector } from '../../server/acl-selector.ts'
import { cText, equalsIgnoreCase, fail, parseLongArg } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { answerLater, help } from './config.ts'

/** redactClientCommandArgument: neither MONITOR nor the slow log shall show these. */
export function redact(c: CommandContext, from: number, to: number): void {
  c.client.redacted ??= []
  for (let i = from; i < to; i++) c.client.redacted.push(i)
}

const setUser: Handler = (c, argv) => {
  redact(c, 2, argv.length)
  const name = argv[2] as Bytes
  if (hasSpaces(name)) fail("ERR Usernames can't contain spaces or null characters")
  const error = c.server.acl.setUser(name, argv.slice(3))
  if (error !== null) fail(`ERR ${error}`)
  return OK
}
const delUser: Handler = (c, argv) => {
  redact(c, 2, argv.length)
  const names = argv.slice(2)
  if (names.includes('default')) fail("ERR The 'default' user cannot be removed")
  let deleted = 0
  for (const name of names) if (c.server.acl.deleteUser(name)) deleted++
  return deleted
}
const describe = (s: Selector): Reply[] => [
  'commands',
  s.describeCommands(),
  'keys',
  s.describeKeys(),
  'channels',
  s.describeChannels(),
]
const getUser: Handler = (c, argv) => {
  redact(c, 2, 3)
  const user = c.server.acl.users.get(argv[2] as Bytes)
  if (user === undefined) return null
  return map([
    'flags',
    set(user.flags()),
    'passwords',
    user.passwords,
    ...describe(user.root),
    'selectors',
    user.selectors.slice(1).map((s) => map(describe(s))),
  ])
}
const cat: Handler = (c, argv) => {
  if (argv.length > 3) unknownSubcommand(argv)
  const category = argv[2]
  if (category === undefined) return [...CATEGORIES]
  const commands = c.server.acl.commands.ofCategory(category)
  if (commands === undefined) return fail(`ERR Unknown category '${category.slice(0, 128)}'`)
  return commands.map((x) => x.name)
}
function unknownSubcommand(argv: readonly Bytes[]): never {
  return fail(
    `ERR unknown subcommand or wrong number of arguments for '${(argv[1] ?? '').slice(0, 128)}'. Try ACL HELP.`,
  )
}

const NO_FILE =
  'ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.'
const load: Handler = (c) => {
  if (c.config.aclfile === '') fail(NO_FILE)
  return answerLater(c, (answer) =>
    loadAclFile(c.server.acl, (errors) => answer(errors === null ? OK : { t: 'error', text: `ERR ${errors}` })),
  )
}
const save: Handler = (c) => {
  if (c.config.aclfile === '') fail(NO_FILE)
  return answerLater(c, (answer) =>
    saveAclFile(c.server.acl, (ok) =>
      answer(
        ok
          ? OK
          : {
              t: 'error',
              text: 'ERR There was an error trying to save the ACLs. Please check the server logs for more information',
            },
      ),
    ),
  )
}

const MAX_BITS = 4096
const genPass: Handler = (c, argv) => {
  if (argv.length > 3) unknownSubcommand(argv)
  const bits = argv.length === 3 ? parseLongArg(argv[2]) : 256
  if (bits <= 0 || bits > MAX_BITS)
    fail(
      `ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${MAX_BITS}`,
    )
  return c.rng.hex(Math.ceil(bits / 4))
}

const log: Handler = (c, argv) => {
  if (argv.length > 3) unknownSubcommand(argv)
  const { log } = c.server.acl
  if (equalsIgnoreCase(argv[2], 'reset')) {
    log.reset()
    return OK
  }
  const count = argv.length === 3 ? Math.max(0, parseLongArg(argv[2])) : 10
  return log.entries
    .slice(0, count)
    .map((e) =>
      map([
        'count',
        e.count,
        'reason',
        e.reason,
        'context',
        e.context,
        'object',
        e.object,
        'username',
        e.username,
        'age-seconds',
        double((c.nowMs - e.timeMs) / 1000),
        'client-info',
        e.clientInfo,
      ]),
    )
}

const dryRun: Handler = (c, argv) => {
  const user = c.server.acl.users.get(argv[2] as Bytes)
  if (user === undefined) return fail(`ERR User '${cText(argv[2])}' not found`)
  const inner = argv.slice(3)
  const command = c.server.table.lookup(inner)
  if (command === undefined) return fail(`ERR Command '${cText(inner[0])}' not found`)
  if (command.arity > 0 ? command.arity !== inner.length : inner.length < -command.arity)
    fail(`ERR wrong number of arguments for '${command.name}' command`)
  const denial = aclCheck(user, command, inner)
  if (denial === null) return OK
  if (denial.reason === 'command') return `This user has no permissions to run the '${command.name}' command`
  return `This user has no permissions to access the '${inner[denial.argpos] ?? ''}' ${denial.reason}`
}

export const aclCommands: readonly CommandImpl[] = [
  { name: 'acl|setuser', handler: setUser },
  { name: 'acl|deluser', handler: delUser },
  { name: 'acl|getuser', handler: getUser },
  { name: 'acl|list', handler: (c) => c.server.acl.lines() },
  { name: 'acl|users', handler: (c) => c.server.acl.sorted().map((u) => u.name) },
  { name: 'acl|whoami', handler: (c) => c.client.user?.name ?? null },
  { name: 'acl|cat', handler: cat },
  { name: 'acl|load', handler: load },
  { name: 'acl|save', handler: save },
  { name: 'acl|genpass', handler: genPass },
  { name: 'acl|log', handler: log },
  { name: 'acl|dryrun', handler: dryRun },
  { name: 'acl|help', handler: () => help('acl') },
]
