/** What every text property allows, for the OpenAPI document: NUL cannot be stored. The check itself is the service's. */
export const TEXT_PATTERN = '^[^\\u0000]*$';

export const NAME_MAX_LENGTH = 200;
export const DESCRIPTION_MAX_LENGTH = 2000;
export const CONTENT_MAX_LENGTH = 50_000;
