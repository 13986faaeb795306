import type { ValueTransformer } from 'typeorm';

/** Generations, versions and sequences are bigint in Postgres and safe integers here (epoch × 2³² + n stays below 2⁵³ for 2²¹ restores). */
export const bigintAsNumber: ValueTransformer = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: number | null | undefined) => value,
};
