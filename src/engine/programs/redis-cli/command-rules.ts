/** What redis-cli knows of single commands: whose replies are text, and which lines are secrets. */
import type { Bytes } from '../../bytes/bytes.ts'

/** Replies that redis-cli prints as text although they are strings. */
export function repliesRaw(argv: readonly Bytes[]): boolean {
  const [a = '', b = ''] = argv.map((x) => x.toLowerCase())
  const n = argv.length
  if (a === 'info' || a === 'lolwut') return true
  if (a === 'debug') return n >= 2 && (b === 'htstats' || b === 'htstats-key' || b === 'jmap')
  if (a === 'memory') return n >= 2 && (b === 'malloc-stats' || b === 'doctor')
  if (a === 'cluster') return n === 2 && (b === 'nodes' || b === 'info')
  if (a === 'client') return n >= 2 && (b === 'list' || b === 'info')
  if (a === 'latency') return (n === 3 && b === 'graph') || (n === 2 && b === 'doctor')
  return false
}

/** Lines that must not stay in the history. */
export function isSensitive(argv: readonly Bytes[]): boolean {
  const [a = '', b = '', c = ''] = argv.map((x) => x.toLowerCase())
  if (a === 'auth') return true
  if (a === 'acl' && b === 'setuser') return true
  if (a === 'config' && b === 'set') {
    return ['masterauth', 'masteruser', 'tls-key-file-pass', 'tls-client-key-file-pass', 'requirepass'].includes(c)
  }
  if (a === 'hello' || a === 'migrate') return argv.some((x) => /^auth2?$/i.test(x))
  if (a === 'sentinel' && b === 'config') return argv.some((x) => /^sentinel-(pass|user)$/i.test(x))
  return a === 'sentinel' && b === 'set' && argv.some((x) => /^auth-(pass|user)$/i.test(x))
}
