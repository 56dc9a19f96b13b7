/**
 * Users of this server: who may connect (AUTH), what each may run (acl-check.ts), what was refused (acl-log.ts), and where
 * users are kept: in redis.conf as `user` lines, or in a file of their own.
 *
 * A server without any such line has one user, `default`, who may do everything. `requirepass` is his password.
 */
import { cText } from '../commands/args.ts'
import type { Bytes } from '../bytes/bytes.ts'
import type { Command } from '../commands/table.ts'
import { type AclDenial, aclCheck, channelAllowed, scriptNopermText } from './acl-check.ts'
import { loadAclFile } from './acl-file.ts'
import { AclCommands, serverAclCommands } from './acl-commands.ts'
import { AclLog, type AclLogContext, type AclLogEntry } from './acl-log.ts'
import { hasSpaces } from './acl-selector.ts'
import { type AclEnvironment, mergeSelectors, ruleErrorText, User } from './acl-user.ts'
import type { Client } from './client.ts'
import { clientInfo } from './client-info.ts'
import type { Server } from './server.ts'

const BOTH =
  'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.'

export class Acl implements AclEnvironment {
  readonly server: Server
  /** The one that every connection starts as. Never replaced, only changed. */
  readonly defaultUser: User
  /** By name. */
  users = new Map<Bytes, User>()
  readonly log = new AclLog()
  /** `user` lines of the configuration, until the server starts. */
  private readonly fromConfig: { readonly name: Bytes; readonly rules: readonly Bytes[] }[] = []

  constructor(server: Server) {
    this.server = server
    this.defaultUser = this.newDefaultUser()
    this.users.set('default', this.defaultUser)
  }
  get commands(): AclCommands {
    return this.server.mode === 'sentinel' ? this.sentinelCommands() : serverAclCommands
  }
  private sentinelTable: AclCommands | null = null
  private sentinelCommands(): AclCommands {
    this.sentinelTable ??= new AclCommands(
      [...this.server.table.all()]
        .flatMap((c) => [c, ...(c.subcommands?.values() ?? [])])
        .map((c) => [c.name, c.facts]),
    )
    return this.sentinelTable
  }
  get allChannelsByDefault(): boolean {
    return this.server.config.aclPubsubDefault === 'allchannels'
  }
  newUser(name: Bytes): User {
    return new User(name, this)
  }
  newDefaultUser(): User {
    const u = new User('default', this)
    for (const rule of ['+@all', '~*', '&*', 'on', 'nopass']) u.apply(this, rule)
    return u
  }
  /** In the order of their names' bytes. */
  sorted(): User[] {
    return [...this.users.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  // Who is there

  /** authRequired, for a client that has not authenticated. */
  get authRequired(): boolean {
    return !this.defaultUser.nopass || !this.defaultUser.on
  }
  /** clientSetDefaultAuth */
  setDefaultAuth(c: Client): void {
    c.user = this.defaultUser
    c.authenticated = !this.authRequired
    c.reader.unauthenticated = !c.authenticated
  }
  /** ACLAuthenticateUser: true when the password is right; else the refusal is in the log. */
  authenticate(c: Client, name: Bytes, password: Bytes): boolean {
    const user = this.users.get(name)
    if (user?.accepts(password) !== true) {
      this.addLogEntry(c, 'auth', c.multi === null ? 'toplevel' : 'multi', c.argv[0] ?? '', name)
      return false
    }
    c.user = user
    c.authenticated = true
    c.reader.unauthenticated = false
    return true
  }
  /** ACLUpdateDefaultUserPassword */
  setDefaultPassword(password: Bytes): void {
    this.defaultUser.apply(this, 'resetpass')
    this.defaultUser.apply(this, password === '' ? 'nopass' : `>${password}`)
  }

  // What they may do

  /** For redis.call, redis.acl_check_cmd and EXEC too; does not write the log. */
  check(user: User | null, command: Command, argv: readonly Bytes[]): AclDenial | null {
    return aclCheck(user, command, argv)
  }
  addDenial(c: Client, denial: AclDenial, context: AclLogContext, command: Command, argv: readonly Bytes[]): void {
    const object = denial.reason === 'command' ? command.name : (argv[denial.argpos] ?? '')
    this.addLogEntry(c, denial.reason, context, object, c.user?.name ?? '')
  }
  private addLogEntry(
    c: Client,
    reason: AclLogEntry['reason'],
    context: AclLogContext,
    object: Bytes,
    username: Bytes,
  ): void {
    const entry = {
      reason,
      context,
      object,
      username,
      timeMs: this.server.nowMs,
      clientInfo: clientInfo(this.server, c),
    }
    this.log.add(entry, this.server.config.acllogMaxLen)
  }

  // Changing users

  /** ACLStringSetUser: all rules or none. An error's text or null. */
  setUser(name: Bytes, words: readonly Bytes[]): string | null {
    const rules = mergeSelectors(words)
    if ('unmatched' in rules)
      return `Unmatched parenthesis in acl selector starting at '${words[rules.unmatched] ?? ''}'.`
    const old = this.users.get(name)
    const next = this.newUser(name)
    if (old !== undefined) next.copyFrom(old)
    for (const rule of rules) {
      const error = next.apply(this, rule)
      if (error !== null) return `Error in ACL SETUSER modifier '${cText(rule)}': ${ruleErrorText(error)}`
    }
    if (old !== undefined) {
      this.closeSubscribers(next, old)
      old.copyFrom(next)
    } else {
      const user = this.newUser(name)
      user.copyFrom(next)
      this.users.set(user.name, user)
    }
    return null
  }
  deleteUser(name: Bytes): boolean {
    const user = this.users.get(name)
    if (user === undefined) return false
    this.users.delete(name)
    this.closeClientsOf(user)
    return true
  }
  /** ACLFreeUserAndKillClients */
  closeClientsOf(user: User): void {
    for (const c of this.server.clients.values()) if (c.user === user) this.closeClient(c)
  }
  /** deauthenticateAndCloseClient: who runs the command is still answered. */
  private closeClient(c: Client): void {
    c.user = this.defaultUser
    c.authenticated = false
    if (c === this.server.currentClient) c.closeAfterReply = true
    else this.server.freeClientAsync(c)
  }
  /** ACLKillPubsubClientsIfNeeded: subscribers to channels that `next` does not allow any more. */
  private closeSubscribers(next: User, old: User): void {
    if (next.selectors.some((s) => s.allChannels)) return
    const allowed = next.selectors.flatMap((s) => s.channels)
    const lost = old.selectors.some((s) => s.allChannels || s.channels.some((c) => !allowed.includes(c)))
    if (!lost) return
    for (const c of this.server.clients.values()) {
      if (c.user !== old || !c.isPubsub) continue
      const fine =
        [...(c.patterns?.keys() ?? [])].every((p) => channelAllowed(allowed, p, true)) &&
        [...(c.channels?.keys() ?? [])].every((p) => channelAllowed(allowed, p, false)) &&
        [...(c.shardChannels?.keys() ?? [])].every((p) => channelAllowed(allowed, p, false))
      if (!fine) this.closeClient(c)
    }
  }

  /** A file's users take the place of ours; who was connected as one of ours is disconnected. */
  replaceUsers(users: Map<Bytes, User>): void {
    const old = this.users
    this.defaultUser.copyFrom(users.get('default') ?? this.newDefaultUser())
    users.set('default', this.defaultUser)
    this.users = users
    old.delete('default')
    for (const user of old.values()) this.closeClientsOf(user)
  }

  // Users of the configuration

  /** ACLLoadUsersAtStartup: `ready` when the server may go on; else it exits. */
  loadAtStart(ready: () => void): void {
    const { server } = this
    const stop = (text: string): void => {
      server.log('warning', text)
      server.host.exit(1)
    }
    if (server.config.aclfile !== '' && this.fromConfig.length > 0) return stop(BOTH)
    if (!this.loadConfigUsers()) return stop('Critical error while loading ACLs. Exiting.')
    if (server.config.aclfile === '') return ready()
    loadAclFile(this, (errors) =>
      errors === null ? ready() : stop(`Aborting Redis startup because of ACL errors: ${errors}`),
    )
  }

  /** A `user name rules...` line; an error's text or null. Unknown commands are found out at start (a module may bring them). */
  configLine(words: readonly Bytes[]): string | null {
    const [name = '', ...rest] = words
    const wrong = (word: Bytes, text: string): string => `Error in user declaration '${word}': ${text}`
    if (this.fromConfig.some((u) => u.name === name)) return wrong(name, ruleErrorText('duplicate'))
    const rules = mergeSelectors(rest)
    if ('unmatched' in rules) return wrong(words[rules.unmatched] ?? '', 'Wrong format')
    const trial = this.newUser(name)
    for (let j = 0; j < rules.length; j++) {
      const error = trial.apply(this, rules[j] as Bytes)
      // Redis names the argument by its position among the rules, which is two words off.
      if (error !== null && error !== 'unknown') return wrong(['user', ...words][j] ?? '', ruleErrorText(error))
    }
    this.fromConfig.push({ name, rules })
    return null
  }
  /** ACLLoadConfiguredUsers: false when the server must not start. */
  private loadConfigUsers(): boolean {
    const { server } = this
    for (const { name, rules } of this.fromConfig) {
      if (hasSpaces(name)) {
        server.log('warning', 'Spaces not allowed in ACL usernames')
        return false
      }
      let user = this.users.get(name)
      if (user === undefined) this.users.set(name, (user = this.newUser(name)))
      else user.apply(this, 'reset')
      for (const rule of rules) {
        const error = user.apply(this, rule)
        if (error === null) continue
        server.log('warning', `Error loading ACL rule '${rule}' for the user named '${name}': ${ruleErrorText(error)}`)
        return false
      }
      if (!user.on)
        server.log(
          'notice',
          `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.`,
        )
    }
    return true
  }
  /** `user ...` lines as CONFIG REWRITE and ACL SAVE write them. */
  lines(): Bytes[] {
    return this.sorted().map((u) => `user ${u.name} ${u.describe()}`)
  }
}

/** Scripts ask for the user who runs them. A refusal is logged with the command that the script wanted to run. */
export function wireAcl(server: Server): void {
  const { scripting } = server
  if (scripting === null) return
  scripting.aclAllows = (caller, command, argv) => aclCheck(caller.user, command, argv) === null
  scripting.aclDenial = (caller, command, argv) => {
    const denial = aclCheck(caller.user, command, argv)
    if (denial === null) return null
    server.acl.addDenial(caller, denial, 'lua', command, argv)
    return `ERR ${scriptNopermText(denial)}`
  }
}
