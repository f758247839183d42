/** Keys of our facets in OpenLineage events: written by the export, known when they are read back as claims. */

/** Of a run: which step it was, who signed it, and its counts. */
export const STEP_FACET = 'datasetProvenance_step';

/** Of a dataset: the digest of its bytes, and its samples. */
export const DATASET_FACET = 'datasetProvenance_dataset';
