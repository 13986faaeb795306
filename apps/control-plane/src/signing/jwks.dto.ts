import { ApiProperty } from '@nestjs/swagger';
import type { PublicJwk } from './signing-key.js';

export class JwkDto implements PublicJwk {
  @ApiProperty({ enum: ['OKP'] }) kty: 'OKP';

  @ApiProperty({ enum: ['Ed25519'] }) crv: 'Ed25519';

  @ApiProperty({ description: 'The public key, base64url (RFC 8037).' }) x: string;

  @ApiProperty({ description: 'Its RFC 7638 thumbprint.' }) kid: string;

  @ApiProperty({ enum: ['sig'] }) use: 'sig';

  @ApiProperty({ enum: ['EdDSA'] }) alg: 'EdDSA';
}

export class JwksDto {
  @ApiProperty({ type: [JwkDto] }) keys: JwkDto[];
}
