#!/usr/bin/env python3
"""
libvirt API连接与基础操作
"""

import libvirt
import sys
from typing import Optional
from xml.dom import minidom

class LibvirtClient:
    """libvirt API客户端"""
    
    def __init__(self, uri: str = 'qemu:///system'):
        """
        初始化libvirt客户端
        
        Args:
            uri: 连接URI
        """
        self.uri = uri
        self.conn: Optional[libvirt.virConnect] = None
    
    def connect(self) -> bool:
        """连接到libvirt"""
        print(f"🔗 连接到: {self.uri}")
        
        try:
            self.conn = libvirt.open(self.uri)
            
            if self.conn is None:
                print("❌ 连接失败")
                return False
            
            print("✅ 连接成功")
            return True
            
        except libvirt.libvirtError as e:
            print(f"❌ 连接错误: {e}")
            return False
    
    def get_hypervisor_info(self) -> dict:
        """获取Hypervisor信息"""
        if not self.conn:
            return {}
        
        print("\n📊 Hypervisor信息:")
        
        # 基本信息
        print(f"  类型: {self.conn.getType()}")
        print(f"  版本: {self.conn.getVersion()}")
        print(f"  libvirt版本: {self.conn.getLibVersion()}")
        print(f"  主机名: {self.conn.getHostname()}")
        
        # 节点信息
        nodeinfo = self.conn.getInfo()
        print(f"\n💻 节点信息:")
        print(f"  CPU架构: {nodeinfo[0]}")
        print(f"  内存: {nodeinfo[1]} MB")
        print(f"  CPU数: {nodeinfo[2]}")
        print(f"  CPU频率: {nodeinfo[3]} MHz")
        print(f"  NUMA节点: {nodeinfo[4]}")
        print(f"  CPU Socket: {nodeinfo[5]}")
        print(f"  每Socket核数: {nodeinfo[6]}")
        print(f"  每核线程数: {nodeinfo[7]}")
        
        return {
            'type': self.conn.getType(),
            'version': self.conn.getVersion(),
            'hostname': self.conn.getHostname(),
            'nodeinfo': nodeinfo
        }
    
    def close(self):
        """关闭连接"""
        if self.conn:
            self.conn.close()
            print("\n✅ 连接已关闭")

def list_domains(client: LibvirtClient) -> list:
    """列出所有域"""
    if not client.conn:
        return []
    
    print("\n📋 域列表:")
    
    # 运行中的域
    running_domains = client.conn.listDomainsID()
    print(f"  运行中: {len(running_domains)} 个")
    
    for dom_id in running_domains:
        try:
            dom = client.conn.lookupByID(dom_id)
            state, reason = dom.state()
            info = dom.info()
            
            print(f"\n  虚拟机: {dom.name()}")
            print(f"    ID: {dom_id}")
            print(f"    UUID: {dom.UUIDString()}")
            print(f"    状态: {get_state_name(state)}")
            print(f"    CPU: {info[3]} 个")
            print(f"    内存: {info[1] / 1024:.0f} MB")
            print(f"    最大内存: {info[0] / 1024:.0f} MB")
            
        except libvirt.libvirtError as e:
            print(f"    错误: {e}")
    
    # 非活动域
    inactive_domains = client.conn.listDefinedDomains()
    print(f"\n  非活动: {len(inactive_domains)} 个")
    
    for dom_name in inactive_domains:
        try:
            dom = client.conn.lookupByName(dom_name)
            print(f"  - {dom_name} (已定义)")
        except libvirt.libvirtError as e:
            print(f"    错误: {e}")
    
    return running_domains + inactive_domains

def get_state_name(state: int) -> str:
    """获取域状态名称"""
    states = {
        libvirt.VIR_DOMAIN_NOSTATE: '无状态',
        libvirt.VIR_DOMAIN_RUNNING: '运行中',
        libvirt.VIR_DOMAIN_BLOCKED: '阻塞',
        libvirt.VIR_DOMAIN_PAUSED: '暂停',
        libvirt.VIR_DOMAIN_SHUTDOWN: '关机中',
        libvirt.VIR_DOMAIN_SHUTOFF: '已关机',
        libvirt.VIR_DOMAIN_CRASHED: '崩溃',
        libvirt.VIR_DOMAIN_PMSUSPENDED: '电源挂起'
    }
    return states.get(state, f'未知({state})')

def create_domain(client: LibvirtClient, name: str, memory_mb: int = 1024, vcpus: int = 1) -> bool:
    """创建新域"""
    if not client.conn:
        return False
    
    print(f"\n🔧 创建域: {name}")
    
    # XML定义
    xml_config = f"""
<domain type='kvm'>
  <name>{name}</name>
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu placement='static'>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/{name}.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <source network='default'/>
      <model type='virtio'/>
    </interface>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <graphics type='vnc' port='-1' autoport='yes'/>
  </devices>
</domain>
    """
    
    try:
        # 定义域
        dom = client.conn.defineXML(xml_config)
        print(f"✅ 域定义成功: {dom.name()}")
        print(f"   UUID: {dom.UUIDString()}")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 创建域失败: {e}")
        return False

def start_domain(client: LibvirtClient, name: str) -> bool:
    """启动域"""
    if not client.conn:
        return False
    
    print(f"\n🚀 启动域: {name}")
    
    try:
        dom = client.conn.lookupByName(name)
        
        if dom.isActive():
            print("⚠️  域已经在运行")
            return True
        
        dom.create()
        print("✅ 域启动成功")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 启动失败: {e}")
        return False

def shutdown_domain(client: LibvirtClient, name: str) -> bool:
    """关闭域（优雅关机）"""
    if not client.conn:
        return False
    
    print(f"\n⏹️  关闭域: {name}")
    
    try:
        dom = client.conn.lookupByName(name)
        
        if not dom.isActive():
            print("⚠️  域已经关闭")
            return True
        
        dom.shutdown()
        print("✅ 关机信号已发送")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 关闭失败: {e}")
        return False

def destroy_domain(client: LibvirtClient, name: str) -> bool:
    """销毁域（强制关机）"""
    if not client.conn:
        return False
    
    print(f"\n💥 销毁域: {name}")
    
    try:
        dom = client.conn.lookupByName(name)
        
        if not dom.isActive():
            print("⚠️  域未运行")
            return True
        
        dom.destroy()
        print("✅ 域已销毁")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 销毁失败: {e}")
        return False

def suspend_domain(client: LibvirtClient, name: str) -> bool:
    """挂起域"""
    if not client.conn:
        return False
    
    print(f"\n⏸️  挂起域: {name}")
    
    try:
        dom = client.conn.lookupByName(name)
        dom.suspend()
        print("✅ 域已挂起")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 挂起失败: {e}")
        return False

def resume_domain(client: LibvirtClient, name: str) -> bool:
    """恢复域"""
    if not client.conn:
        return False
    
    print(f"\n▶️  恢复域: {name}")
    
    try:
        dom = client.conn.lookupByName(name)
        dom.resume()
        print("✅ 域已恢复")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 恢复失败: {e}")
        return False

def create_domain_snapshot(client: LibvirtClient, domain_name: str, snapshot_name: str) -> bool:
    """创建域快照"""
    if not client.conn:
        return False
    
    print(f"\n📸 创建快照: {snapshot_name}")
    
    try:
        dom = client.conn.lookupByName(domain_name)
        
        # 快照XML定义
        snapshot_xml = f"""
<domainsnapshot>
  <name>{snapshot_name}</name>
  <description>Snapshot created by API test</description>
</domainsnapshot>
        """
        
        snapshot = dom.snapshotCreateXML(
            snapshot_xml,
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
        )
        
        print(f"✅ 快照创建成功: {snapshot.getName()}")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 创建快照失败: {e}")
        return False

def list_domain_snapshots(client: LibvirtClient, domain_name: str) -> list:
    """列出域的所有快照"""
    if not client.conn:
        return []
    
    print(f"\n📋 快照列表 ({domain_name}):")
    
    try:
        dom = client.conn.lookupByName(domain_name)
        snapshot_names = dom.snapshotListNames()
        
        print(f"  找到 {len(snapshot_names)} 个快照")
        
        for snap_name in snapshot_names:
            snapshot = dom.snapshotLookupByName(snap_name)
            xml_desc = snapshot.getXMLDesc()
            
            # 解析XML获取详细信息
            dom_xml = minidom.parseString(xml_desc)
            creation_time = dom_xml.getElementsByTagName('creationTime')
            
            print(f"  - {snap_name}")
            if creation_time:
                print(f"    创建时间: {creation_time[0].firstChild.data}")
        
        return snapshot_names
        
    except libvirt.libvirtError as e:
        print(f"❌ 获取快照列表失败: {e}")
        return []

def revert_domain_snapshot(client: LibvirtClient, domain_name: str, snapshot_name: str) -> bool:
    """恢复到指定快照"""
    if not client.conn:
        return False
    
    print(f"\n⏮️  恢复快照: {snapshot_name}")
    
    try:
        dom = client.conn.lookupByName(domain_name)
        snapshot = dom.snapshotLookupByName(snapshot_name)
        
        dom.revertToSnapshot(snapshot)
        
        print("✅ 快照恢复成功")
        return True
        
    except libvirt.libvirtError as e:
        print(f"❌ 恢复快照失败: {e}")
        return False

def list_storage_pools(client: LibvirtClient) -> list:
    """列出所有存储池"""
    if not client.conn:
        return []
    
    print("\n💾 存储池列表:")
    
    try:
        # 活动存储池
        active_pools = client.conn.listStoragePools()
        print(f"  活动: {len(active_pools)} 个")
        
        for pool_name in active_pools:
            pool = client.conn.storagePoolLookupByName(pool_name)
            info = pool.info()
            
            print(f"\n  存储池: {pool_name}")
            print(f"    状态: {'活动' if info[0] == libvirt.VIR_STORAGE_POOL_RUNNING else '非活动'}")
            print(f"    容量: {info[1] / (1024**3):.2f} GB")
            print(f"    已分配: {info[2] / (1024**3):.2f} GB")
            print(f"    可用: {info[3] / (1024**3):.2f} GB")
        
        # 非活动存储池
        inactive_pools = client.conn.listDefinedStoragePools()
        print(f"\n  非活动: {len(inactive_pools)} 个")
        for pool_name in inactive_pools:
            print(f"  - {pool_name}")
        
        return active_pools + inactive_pools
        
    except libvirt.libvirtError as e:
        print(f"❌ 获取存储池列表失败: {e}")
        return []

def list_networks(client: LibvirtClient) -> list:
    """列出所有网络"""
    if not client.conn:
        return []
    
    print("\n🌐 网络列表:")
    
    try:
        # 活动网络
        active_networks = client.conn.listNetworks()
        print(f"  活动: {len(active_networks)} 个")
        
        for net_name in active_networks:
            network = client.conn.networkLookupByName(net_name)
            
            print(f"\n  网络: {net_name}")
            print(f"    UUID: {network.UUIDString()}")
            print(f"    自动启动: {'是' if network.autostart() else '否'}")
            print(f"    持久化: {'是' if network.isPersistent() else '否'}")
        
        # 非活动网络
        inactive_networks = client.conn.listDefinedNetworks()
        print(f"\n  非活动: {len(inactive_networks)} 个")
        for net_name in inactive_networks:
            print(f"  - {net_name}")
        
        return active_networks + inactive_networks
        
    except libvirt.libvirtError as e:
        print(f"❌ 获取网络列表失败: {e}")
        return []
