/** The deployments that the lab can open, by the name that an address gives them. */
import type { Scenario } from '../world/types.ts'
import { sentinelTrio } from '../world/presets.ts'
import type { ScenarioId } from './params.ts'

export const scenarioTitles: Readonly<Record<ScenarioId, string>> = {
  'sentinel-trio': 'Sentinel failover',
  cluster: 'Cluster of six',
  'cluster-7': 'Cluster of seven',
  'cluster-3': 'Cluster and an empty node',
  'cluster-blank': 'Six nodes, not joined',
  'shard-4': 'Four servers and a proxy',
}

export async function scenarioOf(id: ScenarioId, seed: number): Promise<Scenario> {
  if (id === 'sentinel-trio') return sentinelTrio(seed)
  if (id === 'shard-4') return (await import('../world/shard-presets.ts')).shard4(seed)
  return (await import('../world/cluster-presets.ts')).clusterPreset(id, seed)
}

/** Opens another deployment: a new world, so a new page. `at`: at this part of the Slots screen. */
export function openScenario(id: string, at = ''): void {
  const url = new URL(location.href)
  url.search = ''
  url.hash = at
  url.searchParams.set('scenario', id)
  if (at !== '') url.searchParams.set('view', 'slots')
  location.assign(url)
}
