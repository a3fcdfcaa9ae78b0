import Boxes from '@lucide/svelte/icons/boxes'
import FileCode from '@lucide/svelte/icons/file-code'
import FileChart from '@lucide/svelte/icons/file-chart-column'
import Package from '@lucide/svelte/icons/package'
import Puzzle from '@lucide/svelte/icons/puzzle'
import type { Component } from 'svelte'
import type { ExportKind } from '../../../main/contract/comparisons.ts'
import type { RunInfo } from '../../../main/contract/runs.ts'
import { t } from '../../messages/translate.ts'

export interface ExportKindView {
  readonly name: string
  /** What it is for. */
  readonly text: string
  /** Its form, and where it works. */
  readonly works: string
  readonly icon: Component
}

/** How a kind of export is shown. */
export function exportKindView(kind: ExportKind): ExportKindView {
  switch (kind) {
    case 'adapter':
      return {
        name: t('export.adapter'),
        text: t('export.adapterText'),
        works: t('export.adapterWorks'),
        icon: Puzzle,
      }
    case 'merged':
      return {
        name: t('export.merged'),
        text: t('export.mergedText'),
        works: t('export.mergedWorks'),
        icon: Package,
      }
    case 'onnx':
      return {
        name: t('export.onnx'),
        text: t('export.onnxText'),
        works: t('export.onnxWorks'),
        icon: Boxes,
      }
    case 'predictions':
      return {
        name: t('export.predictions'),
        text: t('export.predictionsText'),
        works: t('export.predictionsWorks'),
        icon: FileCode,
      }
    case 'report':
      return {
        name: t('export.report'),
        text: t('export.reportText'),
        works: t('export.reportWorks'),
        icon: FileChart,
      }
  }
}

/** Why a run cannot be exported in this form; null where it can. */
export function obstacleTo(kind: ExportKind, run: Pick<RunInfo, 'changed' | 'after'>): string | null {
  if (kind === 'adapter' && run.changed['method'] === 'full') return t('export.noAdapter')
  if (kind === 'predictions' && run.after === null) return t('export.noPredictions')
  return null
}

/** A sentence for a phase of an export. */
export function exportPhase(phase: string): string {
  switch (phase) {
    case 'preparing':
      return t('export.phasePreparing')
    case 'loading':
      return t('export.phaseLoading')
    case 'saving':
      return t('export.phaseSaving')
    case 'copying':
      return t('export.phaseCopying')
    default:
      return t('export.phaseOther')
  }
}
