#!/usr/bin/env python3
"""
vSphere API认证与会话管理
"""

import requests
import urllib3
from typing import Optional

# 禁用SSL警告
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

class vSphereClient:
    """vSphere REST API客户端"""
    
    def __init__(self, vcenter_host: str, username: str, password: str, verify_ssl: bool = False):
        """
        初始化vSphere客户端
        
        Args:
            vcenter_host: vCenter服务器地址
            username: 用户名 (如: administrator@vsphere.local)
            password: 密码
            verify_ssl: 是否验证SSL证书
        """
        self.vcenter_host = vcenter_host
        self.username = username
        self.password = password
        self.base_url = f"https://{vcenter_host}/api"
        self.rest_url = f"https://{vcenter_host}/rest"
        self.verify_ssl = verify_ssl
        self.session_id: Optional[str] = None
        self.headers = {}
    
    def create_session(self) -> bool:
        """创建vSphere会话"""
        url = f"{self.rest_url}/com/vmware/cis/session"
        
        print(f"🔐 连接到vCenter: {self.vcenter_host}")
        
        try:
            # 使用Basic Auth创建会话
            response = requests.post(
                url,
                auth=(self.username, self.password),
                verify=self.verify_ssl,
                timeout=30
            )
            
            if response.status_code == 201:
                # 获取会话ID
                self.session_id = response.json()['value']
                
                # 设置后续请求的Header
                self.headers = {
                    'vmware-api-session-id': self.session_id,
                    'Content-Type': 'application/json'
                }
                
                print(f"✅ 会话创建成功")
                print(f"   Session ID: {self.session_id[:20]}...")
                return True
            else:
                print(f"❌ 会话创建失败: {response.status_code}")
                print(f"   {response.text}")
                return False
                
        except requests.exceptions.RequestException as e:
            print(f"❌ 连接错误: {e}")
            return False
    
    def get_session_info(self) -> dict:
        """获取当前会话信息"""
        url = f"{self.rest_url}/com/vmware/cis/session"
        
        response = requests.get(
            url,
            headers=self.headers,
            verify=self.verify_ssl
        )
        
        if response.status_code == 200:
            session_info = response.json()['value']
            print(f"📊 会话信息:")
            print(f"   用户: {session_info.get('user')}")
            print(f"   创建时间: {session_info.get('created_time')}")
            print(f"   最后访问: {session_info.get('last_accessed_time')}")
            return session_info
        else:
            print(f"❌ 获取会话信息失败")
            return {}
    
    def delete_session(self) -> bool:
        """删除会话（登出）"""
        url = f"{self.rest_url}/com/vmware/cis/session"
        
        response = requests.delete(
            url,
            headers=self.headers,
            verify=self.verify_ssl
        )
        
        if response.status_code == 204:
            print("✅ 会话已删除")
            self.session_id = None
            self.headers = {}
            return True
        else:
            print(f"❌ 删除会话失败")
            return False

# 使用示例
if __name__ == "__main__":
    # 创建客户端
    client = vSphereClient(
        vcenter_host="vcenter.example.com",
        username="administrator@vsphere.local",
        password="your-password"
    )
    
    # 创建会话
    if client.create_session():
        # 获取会话信息
        client.get_session_info()
        
        # ... 执行其他API操作 ...
        
        # 删除会话
        client.delete_session()

def list_vms(client: vSphereClient) -> list:
    """列出所有虚拟机"""
    url = f"{client.base_url}/vcenter/vm"
    
    print("\n📋 获取虚拟机列表...")
    
    response = requests.get(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 200:
        vms = response.json()
        print(f"✅ 找到 {len(vms)} 个虚拟机\n")
        
        for vm in vms:
            print(f"虚拟机: {vm['name']}")
            print(f"  ID: {vm['vm']}")
            print(f"  电源状态: {vm['power_state']}")
            print(f"  CPU: {vm.get('cpu_count', 'N/A')} 核")
            print(f"  内存: {vm.get('memory_size_MiB', 'N/A')} MB")
            print()
        
        return vms
    else:
        print(f"❌ 获取虚拟机列表失败: {response.status_code}")
        return []

def get_vm_details(client: vSphereClient, vm_id: str) -> dict:
    """获取虚拟机详细信息"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}"
    
    print(f"\n🔍 获取虚拟机详情: {vm_id}")
    
    response = requests.get(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 200:
        vm_details = response.json()
        
        print(f"✅ 虚拟机详情:")
        print(f"   名称: {vm_details.get('name')}")
        print(f"   电源状态: {vm_details.get('power_state')}")
        print(f"   CPU: {vm_details.get('cpu', {}).get('count')} 核")
        print(f"   内存: {vm_details.get('memory', {}).get('size_MiB')} MB")
        print(f"   Guest OS: {vm_details.get('guest_OS')}")
        print(f"   硬件版本: {vm_details.get('hardware', {}).get('version')}")
        
        # 网络适配器
        if 'nics' in vm_details:
            print(f"   网卡数: {len(vm_details['nics'])}")
        
        # 磁盘
        if 'disks' in vm_details:
            print(f"   磁盘数: {len(vm_details['disks'])}")
        
        return vm_details
    else:
        print(f"❌ 获取虚拟机详情失败")
        return {}

def create_vm(client: vSphereClient, vm_name: str, datacenter: str = None) -> str:
    """创建新虚拟机"""
    url = f"{client.base_url}/vcenter/vm"
    
    print(f"\n🔧 创建虚拟机: {vm_name}")
    
    # 虚拟机配置
    vm_spec = {
        "spec": {
            "name": vm_name,
            "guest_OS": "UBUNTU_64",
            "placement": {
                # 需要指定数据中心、主机、资源池等
            },
            "cpu": {
                "count": 2,
                "cores_per_socket": 1
            },
            "memory": {
                "size_MiB": 2048
            },
            "disks": [
                {
                    "type": "SCSI",
                    "scsi": {
                        "bus": 0,
                        "unit": 0
                    },
                    "new_vmdk": {
                        "capacity": 20 * 1024 * 1024 * 1024  # 20GB
                    }
                }
            ],
            "nics": [
                {
                    "type": "VMXNET3",
                    "start_connected": True
                }
            ]
        }
    }
    
    response = requests.post(
        url,
        headers=client.headers,
        json=vm_spec,
        verify=client.verify_ssl
    )
    
    if response.status_code == 201:
        vm_id = response.json()
        print(f"✅ 虚拟机创建成功")
        print(f"   VM ID: {vm_id}")
        return vm_id
    else:
        print(f"❌ 虚拟机创建失败: {response.status_code}")
        print(f"   {response.text}")
        return ""

def power_on_vm(client: vSphereClient, vm_id: str) -> bool:
    """启动虚拟机"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/power/start"
    
    print(f"\n🚀 启动虚拟机: {vm_id}")
    
    response = requests.post(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 204:
        print("✅ 虚拟机启动成功")
        return True
    else:
        print(f"❌ 启动失败: {response.status_code}")
        return False

def power_off_vm(client: vSphereClient, vm_id: str) -> bool:
    """关闭虚拟机"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/power/stop"
    
    print(f"\n⏹️  关闭虚拟机: {vm_id}")
    
    response = requests.post(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 204:
        print("✅ 虚拟机已关闭")
        return True
    else:
        print(f"❌ 关闭失败: {response.status_code}")
        return False

def reset_vm(client: vSphereClient, vm_id: str) -> bool:
    """重启虚拟机（硬重启）"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/power/reset"
    
    print(f"\n🔄 重启虚拟机: {vm_id}")
    
    response = requests.post(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 204:
        print("✅ 虚拟机重启成功")
        return True
    else:
        print(f"❌ 重启失败: {response.status_code}")
        return False

def create_snapshot(client: vSphereClient, vm_id: str, name: str, description: str = "", memory: bool = True) -> str:
    """创建虚拟机快照"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/snapshot"
    
    print(f"\n📸 创建快照: {name}")
    
    snapshot_spec = {
        "spec": {
            "name": name,
            "description": description,
            "memory": memory,  # 是否包含内存状态
            "quiesce": False   # 是否静默Guest OS
        }
    }
    
    response = requests.post(
        url,
        headers=client.headers,
        json=snapshot_spec,
        verify=client.verify_ssl
    )
    
    if response.status_code == 201:
        snapshot_id = response.json()
        print(f"✅ 快照创建成功")
        print(f"   Snapshot ID: {snapshot_id}")
        return snapshot_id
    else:
        print(f"❌ 快照创建失败")
        return ""

def list_snapshots(client: vSphereClient, vm_id: str) -> list:
    """列出虚拟机所有快照"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/snapshot"
    
    print(f"\n📋 获取快照列表")
    
    response = requests.get(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 200:
        snapshots = response.json()
        print(f"✅ 找到 {len(snapshots)} 个快照")
        
        for snapshot in snapshots:
            print(f"  - {snapshot['name']} (ID: {snapshot['snapshot']})")
            print(f"    创建时间: {snapshot['create_time']}")
        
        return snapshots
    else:
        print("❌ 获取快照列表失败")
        return []

def revert_snapshot(client: vSphereClient, vm_id: str, snapshot_id: str) -> bool:
    """恢复到指定快照"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/snapshot/{snapshot_id}?action=revert"
    
    print(f"\n⏮️  恢复快照: {snapshot_id}")
    
    response = requests.post(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 204:
        print("✅ 快照恢复成功")
        return True
    else:
        print("❌ 快照恢复失败")
        return False

def delete_snapshot(client: vSphereClient, vm_id: str, snapshot_id: str) -> bool:
    """删除快照"""
    url = f"{client.base_url}/vcenter/vm/{vm_id}/snapshot/{snapshot_id}"
    
    print(f"\n🗑️  删除快照: {snapshot_id}")
    
    response = requests.delete(
        url,
        headers=client.headers,
        verify=client.verify_sql
    )
    
    if response.status_code == 204:
        print("✅ 快照删除成功")
        return True
    else:
        print("❌ 快照删除失败")
        return False

def list_datastores(client: vSphereClient) -> list:
    """列出所有数据存储"""
    url = f"{client.base_url}/vcenter/datastore"
    
    print("\n💾 获取数据存储列表...")
    
    response = requests.get(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 200:
        datastores = response.json()
        print(f"✅ 找到 {len(datastores)} 个数据存储\n")
        
        for ds in datastores:
            print(f"数据存储: {ds['name']}")
            print(f"  ID: {ds['datastore']}")
            print(f"  类型: {ds['type']}")
            print(f"  容量: {ds.get('capacity', 0) / (1024**3):.2f} GB")
            print(f"  可用: {ds.get('free_space', 0) / (1024**3):.2f} GB")
            print()
        
        return datastores
    else:
        print("❌ 获取数据存储列表失败")
        return []

def list_networks(client: vSphereClient) -> list:
    """列出所有网络"""
    url = f"{client.base_url}/vcenter/network"
    
    print("\n🌐 获取网络列表...")
    
    response = requests.get(
        url,
        headers=client.headers,
        verify=client.verify_ssl
    )
    
    if response.status_code == 200:
        networks = response.json()
        print(f"✅ 找到 {len(networks)} 个网络\n")
        
        for network in networks:
            print(f"网络: {network['name']}")
            print(f"  ID: {network['network']}")
            print(f"  类型: {network['type']}")
            print()
        
        return networks
    else:
        print("❌ 获取网络列表失败")
        return []
