/** A cluster's commands on a server that is in none, and MIGRATE, which needs none. */
import type { Reply } from '../../protocol/reply.ts'
import { fail } from '../args.ts'
import type { CommandImpl } from '../command.ts'
import facts from '../facts.json' with { type: 'json' }
import { migrate } from './migrate.ts'

export const disabled = (): Reply => fail('ERR This instance has cluster support disabled')

export const noClusterCommands: readonly CommandImpl[] = [
  ...Object.keys(facts)
    .filter((n) => n.startsWith('cluster|') || n === 'asking' || n === 'readonly' || n === 'readwrite')
    .map((name): CommandImpl => ({ name, handler: disabled })),
  { name: 'migrate', handler: migrate },
]
