REGION_NAMES=("quoted","signature","disclaimer","code","link","hashtags")
import re
class Regions:
    def __init__(s,raw): s.raw=raw
    def of(s,name):
        if name=="quoted": return tuple(m.span() for m in re.finditer(r'(?m)^>.*$',s.raw))
        return ()
    def block_edges(s): return ()
    def sentence_edges(s): return ()
def find_regions(raw): return Regions(raw)
def words_between(raw,a,b,*,limit): return len(re.findall(r'\w+',raw[a:b]))
