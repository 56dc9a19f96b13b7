/** How --cluster writes nodes: in its lists, and in the JSON of a backup. */
import type { ClusterNode } from './manager.ts'
import { SLOTS } from './manager.ts'

/** "[0-99],[101]" */
export function slotsText(slots: ArrayLike<number>): string {
  const ranges: string[] = []
  for (let i = 0; i < SLOTS; i++) {
    if (!slots[i]) continue
    const first = i
    while (i + 1 < SLOTS && slots[i + 1]) i++
    ranges.push(first === i ? `[${i}]` : `[${first}-${i}]`)
  }
  return ranges.join(',')
}

const flagsText = (node: ClusterNode): string => node.flags.filter((f) => f !== 'myself').join(',')

export function nodeInfo(node: ClusterNode, indent: number): string {
  const spaces = ' '.repeat(indent)
  let out = `${spaces}S: ${node.name} ${node.address}`
  if (!node.dirty || node.replicate === null) {
    out = `${spaces}${node.isSlave ? 'S' : 'M'}: ${node.name} ${node.address}\n`
    out += `${spaces}   slots:${slotsText(node.slots)} (${node.slotsCount} slots) ${flagsText(node)}`
  }
  if (node.replicate !== null) out += `\n${spaces}   replicates ${node.replicate}`
  else if (node.replicasCount > 0) out += `\n${spaces}   ${node.replicasCount} additional replica(s)`
  return out
}

export function nodeJson(node: ClusterNode, errors: number): string {
  const open = (list: readonly { readonly slot: string; readonly node: string }[]): string =>
    list.map((o) => `"${o.slot}": "${o.node}"`).join(',')
  let out = `  {
    "name": "${node.name}",
    "host": "${node.ip}",
    "port": ${node.port},
    "replicate": ${node.replicate === null ? 'null' : `"${node.replicate}"`},
    "slots": [${slotsText(node.slots).replaceAll('-', ',')}],
    "slots_count": ${node.slotsCount},
    "flags": "${flagsText(node)}",
    "current_epoch": ${node.epoch}`
  if (errors > 0) out += `,\n    "cluster_errors": ${errors}`
  if (node.migrating.length > 0) out += `,\n    "migrating": {${open(node.migrating)}}`
  if (node.importing.length > 0) out += `,\n    "importing": {${open(node.importing)}}`
  return `${out}\n  }`
}
