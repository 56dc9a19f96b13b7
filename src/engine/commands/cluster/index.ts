/** The commands of a cluster, as a server answers them that is in none; and MIGRATE, which needs no cluster. */
import type { Reply } from '../../protocol/reply.ts'
import { fail } from '../args.ts'
import type { CommandImpl } from '../command.ts'
import facts from '../facts.json' with { type: 'json' }
import { migrate } from './migrate.ts'

const disabled = (): Reply => fail('ERR This instance has cluster support disabled')

export const clusterCommands: readonly CommandImpl[] = [
  ...Object.keys(facts)
    .filter((n) => n.startsWith('cluster|') || n === 'asking' || n === 'readonly' || n === 'readwrite')
    .map((name): CommandImpl => ({ name, handler: disabled })),
  { name: 'migrate', handler: migrate },
]
