import { Text } from '@mantine/core';
import { draw } from './ui/Page';

draw(<Text>Deskbridge</Text>);
