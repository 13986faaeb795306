import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { pageDto } from '@tenantry/service';

@ApiSchema({ name: 'Role' })
export class RoleDto {
  @ApiProperty({ example: 'admin' })
  name: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ type: [String], example: ['projects:read'] })
  permissions: string[];
}

@ApiSchema({ name: 'RolePage' })
export class RolePageDto extends pageDto(RoleDto) {}
