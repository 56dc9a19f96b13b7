/** OBJECT: what the server knows about a value beside the value. Asking does not count as a use. */
import type { Obj } from '../../objects/object.ts'
import { isSharedInteger } from '../../objects/string.ts'
import { type Reply, status } from '../../protocol/reply.ts'
import { estimateObjectIdleTime } from '../../server/evict.ts'
import { fail } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

const SWITCH_NOTE =
  'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.'
const HELP = [
  'OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'ENCODING <key>',
  '    Return the kind of internal representation used in order to store the value',
  '    associated with a <key>.',
  'FREQ <key>',
  '    Return the access frequency index of the <key>. The returned integer is',
  '    proportional to the logarithm of the recent access frequency of the key.',
  'IDLETIME <key>',
  '    Return the idle time of the <key>, that is the approximated number of',
  '    seconds elapsed since the last access to the key.',
  'REFCOUNT <key>',
  '    Return the number of references of the value associated with the specified',
  '    <key>.',
  'HELP',
  '    Prints this help.',
]

const about =
  (tell: (c: CommandContext, o: Obj) => Reply): Handler =>
  (c, argv) => {
    const o = c.peek(argv[2]!)
    // Yet it is a read that finds the key, or does not.
    if (o === undefined) c.server.stat.keyspaceMisses++
    else c.server.stat.keyspaceHits++
    return o ? tell(c, o) : null
  }

/** 2147483647 stands for a shared object. Sharing is off when eviction by age or use needs a clock per value. */
function refcount(c: CommandContext, o: Obj): Reply {
  const policy = c.config.maxmemoryPolicy
  const noSharing = Number(c.config.maxmemory) !== 0 && (policy.includes('lru') || policy.includes('lfu'))
  return isSharedInteger(o) && !noSharing ? 2147483647 : 1
}

function idletime(c: CommandContext, o: Obj): Reply {
  if (c.config.maxmemoryPolicy.includes('lfu'))
    fail(`ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCH_NOTE}`)
  return estimateObjectIdleTime(c.server, o)
}

function freq(c: CommandContext, o: Obj): Reply {
  if (!c.config.maxmemoryPolicy.includes('lfu'))
    fail(`ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCH_NOTE}`)
  const minutes = (Math.floor(c.nowMs / 60000) & 0xffff) - (o.lru >> 8)
  const elapsed = minutes < 0 ? minutes + 0xffff : minutes
  const periods = c.config.lfuDecayTime > 0 ? Math.floor(elapsed / c.config.lfuDecayTime) : 0
  return Math.max(0, (o.lru & 0xff) - periods)
}

export const objectFamily: readonly CommandImpl[] = [
  { name: 'object|help', handler: () => HELP.map((line) => status(line)) },
  { name: 'object|encoding', handler: about((_, o) => o.encoding) },
  { name: 'object|refcount', handler: about(refcount) },
  { name: 'object|idletime', handler: about(idletime) },
  { name: 'object|freq', handler: about(freq) },
]
