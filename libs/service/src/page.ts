import type { Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as Convert } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { encodeCursor } from './cursor.js';
import { Omittable } from './omittable.decorator.js';

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 200;

/** The query of every list; extend it with filters. */
export class PageQuery {
  @ApiPropertyOptional({
    description: 'nextCursor of the page before; none for the first page.',
    maxLength: 1024,
  })
  @Omittable()
  @IsString()
  @MaxLength(1024)
  cursor?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT })
  @Omittable()
  @Convert(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_LIMIT)
  limit: number = DEFAULT_PAGE_LIMIT;
}

/** One page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/**
 * Makes a page of rows that were read with `limit + 1`: the row too many says that there is a next page.
 * @param placeOf the place of a row in the list's order; the next page begins after it.
 */
export function pageOf<T>(rows: readonly T[], limit: number, placeOf: (row: T) => unknown): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data, nextCursor: more ? encodeCursor(placeOf(last)) : null };
}

/** The class that documents a page of `item`; give it a name of its own by extending it. */
export function pageDto<T>(item: Type<T>): Type<Page<T>> {
  class PageDto implements Page<T> {
    @ApiProperty({ type: [item] })
    data: readonly T[];

    @ApiProperty({ type: String, nullable: true, description: 'Null on the last page.' })
    nextCursor: string | null;
  }
  return PageDto;
}
