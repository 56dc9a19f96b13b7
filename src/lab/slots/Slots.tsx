/** The Slots screen: who owns which of the 16384 slots, who believes what, and a slot on its way. */
import { openScenario, scenarioTitles } from '../scenarios.ts'
import { useLab } from '../store.ts'

export function Slots() {
  const id = useLab((s) => s.session?.scenario.id ?? '')
  if (!id.startsWith('cluster')) return <NoCluster />
  return <div className="say">{scenarioTitles.cluster}</div>
}

function NoCluster() {
  return (
    <div className="say">
      <p>The servers of this deployment are in no cluster, so no slot has an owner.</p>
      <button type="button" className="btn" onClick={() => openScenario('cluster')}>
        Open a cluster of six
      </button>
    </div>
  )
}
