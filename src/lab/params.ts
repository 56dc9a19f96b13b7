/** The page's address: which parameters it understands and what is wrong with those it was given. */

export const VIEWS = ['topology', 'slots', 'structures'] as const
export type ViewName = (typeof VIEWS)[number]
export interface Params {
  readonly scenario: ScenarioId
  readonly seed: number | null
  readonly view: ViewName
  readonly speed: number | null
}
export interface ParamProblem {
  readonly name: string
  readonly value: string
  readonly wanted: string
  readonly instead: string
  /** False: the page has no parameter of this name. */
  readonly known: boolean
}

const NAMES = ['scenario', 'seed', 'speed', 'view']
/** Scenarios that an address can name. */
export const SCENARIOS = ['sentinel-trio', 'cluster', 'cluster-7', 'cluster-3', 'cluster-blank', 'shard-4'] as const
export type ScenarioId = (typeof SCENARIOS)[number]
const oneOf = <T extends string>(names: readonly T[], text: string | null): T | undefined =>
  names.find((name) => name === text)

export const MAX_SEED = 0xffffffff
export const MIN_SPEED = 0.001
export const MAX_SPEED = 10

export function parseSeed(text: string): number | null {
  if (!/^\d{1,10}$/.test(text.trim())) return null
  const n = Number(text.trim())
  return n <= MAX_SEED ? n : null
}

export function parseParams(search: string): { params: Params; problems: ParamProblem[] } {
  const query = new URLSearchParams(search)
  const problems: ParamProblem[] = []
  let seed: number | null = null
  let speed: number | null = null
  const seedText = query.get('seed')
  if (seedText !== null) {
    seed = parseSeed(seedText)
    if (seed === null)
      problems.push({
        name: 'seed',
        value: seedText,
        wanted: 'a whole number from 0 to 4294967295',
        instead: "the scenario's own seed",
        known: true,
      })
  }
  const speedText = query.get('speed')
  if (speedText !== null) {
    const n = Number(speedText)
    if (speedText.trim() !== '' && n >= MIN_SPEED && n <= MAX_SPEED) speed = n
    else
      problems.push({ name: 'speed', value: speedText, wanted: 'a number from 0.001 to 10', instead: '1', known: true })
  }
  const viewText = query.get('view')
  const view = oneOf(VIEWS, viewText) ?? 'topology'
  if (viewText !== null && viewText !== view)
    problems.push({ name: 'view', value: viewText, wanted: VIEWS.join(' or '), instead: view, known: true })
  const scenarioText = query.get('scenario')
  const scenario = oneOf(SCENARIOS, scenarioText) ?? 'sentinel-trio'
  if (scenarioText !== null && scenarioText !== scenario)
    problems.push({
      name: 'scenario',
      value: scenarioText,
      wanted: SCENARIOS.join(' or '),
      instead: scenario,
      known: true,
    })
  for (const [name, value] of query) {
    if (!NAMES.includes(name) && problems.length < 4)
      problems.push({ name, value, wanted: NAMES.join(', '), instead: '', known: false })
  }
  return { params: { scenario, seed, view, speed }, problems }
}
