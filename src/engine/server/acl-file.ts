/**
 * Users in a file of their own (`aclfile`): one `user` line each, read at start and by ACL LOAD, written by ACL SAVE. Loading is
 * all or nothing: with one bad line the users stay as they were, and every error is told with its line.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Acl } from './acl.ts'
import { hasSpaces } from './acl-selector.ts'
import { mergeSelectors, ruleErrorText, User } from './acl-user.ts'

const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
}
const strerror = (code: string): string => ERRNO[code] ?? code

class FileReader {
  readonly users = new Map<Bytes, User>()
  errors = ''
  private readonly acl: Acl
  private readonly path: Bytes
  constructor(acl: Acl, path: Bytes) {
    this.acl = acl
    this.path = path
  }
  read(text: Bytes): void {
    text.split('\n').forEach((raw, i) => {
      const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
      if (line !== '') this.line(line.split(' '), `${this.path}:${i + 1}`, i + 1)
    })
  }
  private line(words: readonly Bytes[], where: string, number: number): void {
    const name = words[1]
    if (words[0] !== 'user' || name === undefined)
      return this.error(`${where} should start with user keyword followed by the username. `)
    if (hasSpaces(name)) return this.error(`'${where}: username '${name}' contains invalid characters. `)
    if (this.users.has(name)) return this.error(`WARNING: Duplicate user '${name}' found on line ${number}. `)
    const user = this.acl.newUser(name)
    this.users.set(user.name, user)
    const rules = mergeSelectors(words.slice(2))
    if ('unmatched' in rules) return this.error(`${where}: Unmatched parenthesis in selector definition.`)
    let told = false
    for (const rule of rules) {
      const error = user.apply(this.acl, rule.replace(/^[\t\r\n]+|[\t\r\n]+$/g, ''))
      if (error === 'unknown') this.error(`${where}: Error in applying operation '${rule}': ${ruleErrorText(error)}. `)
      else if (error !== null && !told) {
        this.error(`${where}: ${ruleErrorText(error)}. `)
        told = true
      }
    }
  }
  private error(text: string): void {
    this.errors += text
  }
}

/** ACLLoadFromFile: null when the users are those of the file, else all its errors. */
export function loadAclFile(acl: Acl, done: (errors: string | null) => void): void {
  const { server } = acl
  const path = server.config.aclfile
  server.host.file({ op: 'read', path }, (r) => {
    if (!r.ok) return done(`Error loading ACLs, opening file '${path}': ${strerror(r.error)}`)
    const reader = new FileReader(acl, path)
    reader.read(r.bytes ?? '')
    if (reader.errors !== '')
      return done(
        `${reader.errors}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
      )
    acl.replaceUsers(reader.users)
    done(null)
  })
}

/** ACLSaveToFile: written beside the old one, fsynced, renamed. */
export function saveAclFile(acl: Acl, done: (ok: boolean) => void): void {
  const { server } = acl
  const path = server.config.aclfile
  const temp = `${path}.tmp-${server.env.pid}-${server.nowMs}`
  const failed = (what: string, code: string): void => {
    server.log('warning', `${what} ACL file for ACL SAVE: ${strerror(code)}`)
    done(false)
  }
  const bytes = acl
    .lines()
    .map((l) => `${l}\n`)
    .join('')
  server.host.file({ op: 'write', path: temp, bytes }, (w) => {
    if (!w.ok) return failed('Opening temp', w.error)
    server.host.file({ op: 'fsync', path: temp }, (f) => {
      if (!f.ok) return failed('Syncing', f.error)
      server.host.file({ op: 'rename', path: temp, to: path }, (n) => (n.ok ? done(true) : failed('Renaming', n.error)))
    })
  })
}
