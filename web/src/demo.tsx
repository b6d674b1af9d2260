import { Simulator } from './demo/Simulator';
import { draw } from './ui/Page';

draw(<Simulator />);
