/** What our documents use of AsyncAPI 3. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, AsyncApiMessage>>;
    readonly correlationIds: Readonly<Record<string, object>>;
  };
}

/** A place in the same document. */
export interface Reference {
  readonly $ref: string;
}

export interface AsyncApiChannel {
  /** The topic's name, with `{parameter}` where it differs. */
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly parameters?: Readonly<
    Record<string, { readonly description: string; readonly examples: readonly string[] }>
  >;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings: object;
}

export interface AsyncApiOperation {
  /** From the control plane's side. */
  readonly action: 'send' | 'receive';
  readonly title: string;
  readonly summary: string;
  readonly channel: Reference;
}

export interface AsyncApiMessage {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly contentType: string;
  readonly headers: JsonSchema;
  readonly payload: JsonSchema;
  readonly correlationId?: Reference;
  readonly bindings: { readonly kafka: { readonly key: JsonSchema; readonly bindingVersion: string } };
  readonly examples: readonly {
    readonly name: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly payload: unknown;
  }[];
}

/** What our schemas use of JSON Schema. */
export interface JsonSchema {
  readonly $id?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}
