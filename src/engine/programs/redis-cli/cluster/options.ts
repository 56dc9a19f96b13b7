/** The part of redis-cli's command line that --cluster reads. */

export interface ClusterOptions {
  /** The subcommand; null without --cluster. */
  name: string | null
  /** The words behind it, up to the next option. */
  argv: readonly string[]
  replicas: number
  from: string | null
  to: string | null
  fromUser: string | null
  fromPassword: string | null
  fromAskPassword: boolean
  /** "node=weight" */
  weights: readonly string[] | null
  masterId: string | null
  slots: number
  timeoutMs: number
  /** Keys in one MIGRATE. */
  pipeline: number
  /** Per cent. */
  threshold: number
  yes: boolean
  slave: boolean
  simulate: boolean
  replace: boolean
  copy: boolean
  useEmptyMasters: boolean
  searchMultipleOwners: boolean
  fixWithUnreachableMasters: boolean
  onlyMasters: boolean
  onlyReplicas: boolean
  verbose: boolean
}

export function clusterDefaults(): ClusterOptions {
  return {
    name: null,
    argv: [],
    replicas: 0,
    from: null,
    to: null,
    fromUser: null,
    fromPassword: null,
    fromAskPassword: false,
    weights: null,
    masterId: null,
    slots: 0,
    timeoutMs: 60_000,
    pipeline: 10,
    threshold: 2,
    yes: false,
    slave: false,
    simulate: false,
    replace: false,
    copy: false,
    useEmptyMasters: false,
    searchMultipleOwners: false,
    fixWithUnreachableMasters: false,
    onlyMasters: false,
    onlyReplicas: false,
    verbose: false,
  }
}

/** atoi(3) */
export const atoi = (text: string): number => Number.parseInt(text, 10) || 0

type Flag = keyof { [K in keyof ClusterOptions as ClusterOptions[K] extends boolean ? K : never]: true }
const FLAGS: Readonly<Record<string, Flag>> = {
  '--cluster-only-masters': 'onlyMasters',
  '--cluster-only-replicas': 'onlyReplicas',
  '--cluster-from-askpass': 'fromAskPassword',
  '--cluster-yes': 'yes',
  '--cluster-simulate': 'simulate',
  '--cluster-replace': 'replace',
  '--cluster-copy': 'copy',
  '--cluster-slave': 'slave',
  '--cluster-use-empty-masters': 'useEmptyMasters',
  '--cluster-search-multiple-owners': 'searchMultipleOwners',
  '--cluster-fix-with-unreachable-masters': 'fixWithUnreachableMasters',
  '--verbose': 'verbose',
}
const VALUES: Readonly<Record<string, (o: ClusterOptions, value: string) => void>> = {
  '--cluster-replicas': (o, v) => {
    o.replicas = atoi(v)
  },
  '--cluster-master-id': (o, v) => {
    o.masterId = v
  },
  '--cluster-from': (o, v) => {
    o.from = v
  },
  '--cluster-to': (o, v) => {
    o.to = v
  },
  '--cluster-from-user': (o, v) => {
    o.fromUser = v
  },
  '--cluster-from-pass': (o, v) => {
    o.fromPassword = v
  },
  '--cluster-slots': (o, v) => {
    o.slots = atoi(v)
  },
  '--cluster-timeout': (o, v) => {
    o.timeoutMs = atoi(v)
  },
  '--cluster-pipeline': (o, v) => {
    o.pipeline = atoi(v)
  },
  '--cluster-threshold': (o, v) => {
    o.threshold = Math.fround(Number.parseFloat(v) || 0)
  },
}
const TWO_WEIGHTS =
  'WARNING: you cannot use --cluster-weight more than once.\nYou can set more weights by adding them as a space-separated list, ie:\n--cluster-weight n1=w n2=w\n'

export type Taken =
  /** So many words belong to the option, itself among them; 0: it is none of these. */
  { readonly words: number } | { readonly refusal: string | 'usage' }

/** The option at `argv[at]`, when it is one of --cluster's. */
export function takeClusterOption(o: ClusterOptions, argv: readonly string[], at: number): Taken {
  const name = argv[at] as string
  const next = argv[at + 1]
  const flag = FLAGS[name]
  if (flag !== undefined) {
    o[flag] = true
    return { words: 1 }
  }
  if (name === '--cluster')
    return next === undefined || o.name !== null ? { refusal: 'usage' } : takeCommand(o, argv, at)
  if (next === undefined) return { words: 0 }
  const value = VALUES[name]
  if (value !== undefined) {
    value(o, next)
    return { words: 2 }
  }
  return name === '--cluster-weight' ? takeWeights(o, argv, at) : { words: 0 }
}

function takeCommand(o: ClusterOptions, argv: readonly string[], at: number): Taken {
  o.name = argv[at + 1] as string
  // A subcommand that looks like an option is one all the same: nothing follows it.
  if (o.name.startsWith('-')) return { words: 2 }
  let end = at + 1
  while (end < argv.length && !(argv[end] as string).startsWith('-')) end++
  o.argv = argv.slice(at + 2, end)
  return { words: end - at }
}

function takeWeights(o: ClusterOptions, argv: readonly string[], at: number): Taken {
  if (o.weights !== null) return { refusal: TWO_WEIGHTS }
  let end = at + 1
  while (end < argv.length && !(argv[end] as string).startsWith('--') && (argv[end] as string).includes('=')) end++
  if (end > at + 1) o.weights = argv.slice(at + 1, end)
  return { words: end - at }
}
